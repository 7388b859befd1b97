# What every page says.

product = My property account
product-heading = My property account
client-space = Client space
skip = Skip to content
title-error = Error – { $title }
step-of = Step { $current } of { $total }
back-step = Previous step
back-plain = Back
back-sign-in = Back to sign-in
button-continue = Continue
button-next-step = Next step

footer-contact = Any questions? { $agency } will answer:
footer-here = You are on <strong>{ $host }</strong>. Check this name at the top of your screen before you type your password.
footer-help = Help and contact

contact-title = Contact { $agency }
contact-phone = Phone
contact-email = Email
contact-hours = Opening hours
contact-address = Address

label-email = Email address
label-password = Password
label-new-password = New password
label-identifier = Identifier
label-old-password = Old password

reveal-show = Show
reveal-hide = Hide
reveal-show-label = Show password
reveal-hide-label = Hide password

recall-account = Your account
recall-agency = Your agency
recall-version = Version

wait-seconds =
    { $count ->
        [one] { $count } second
       *[other] { $count } seconds
    }
wait-minutes =
    { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }

moment = { $day } { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[other] December
    } { $year } at { $hour }:{ $minute } (Paris time)

# The refusals shared by every page with a password.

refused-wrong = Invalid password
refused-remaining =
    { $remaining ->
        [one] You have { $remaining } attempt left before the account is locked.
       *[other] You have { $remaining } attempts left before the account is locked.
    }
refused-check = Check your email address, then <a href="{ $field }">type your password again</a>. Mind the capital letters.
refused-forgot = Can’t remember it? Choose a new password.
throttled-title = Too many attempts in a row
throttled-text = Too many attempts have come from your internet connection. Wait { $wait }, then try again. This has not locked your account.
busy-title = We are very busy right now
busy-text = Nothing was checked and no attempt was counted. Wait a minute, then try again.

locked-title = Your account is locked
locked-why = A wrong password was entered several times in a row. To protect your data, even the right password does not work for now.
locked-how = To unlock it, choose a new password with “Forgotten your password?”.
locked-button = Choose a new password
locked-mail = The account’s owner also receives a message that lets them do so.

# When it cannot go on.

problem-reference = If you call us, please give this reference:
problem-retry = Start again
problem-bad-request-title = This request could not be read
problem-bad-request = It is not your fault: the address or the form we received is incomplete. Go back to your client space and start from the beginning.
problem-unknown-client-title = This client space is not known here
problem-unknown-client = The site that sent you is not registered with us. To be safe, we stop here. Please tell your agency.
problem-bad-redirect-title = The way back is not the right one
problem-bad-redirect = The site that sent you asks us to return you to an address that your agency has not declared. To be safe, we stop here. Please tell your agency.
problem-not-found-title = This page does not exist
problem-not-found = Perhaps only part of the address was copied. Start again from your client space.
problem-forbidden-title = This page is not open to you
problem-forbidden = The account in use has no access to this page. Nothing was changed.
problem-conflict-title = This step is already behind you
problem-conflict = It was already done, perhaps in another tab. Nothing is lost: pick up where you were.
problem-too-large-title = This is too large to send
problem-too-large = What you sent is more than we can receive. Shorten it, then try again.
problem-busy-title = We are very busy right now
problem-busy = Nothing is lost and nothing was changed. Wait a minute, then start again.
problem-unavailable-title = The service is unavailable for a moment
problem-unavailable = Something we need is not answering. Nothing is lost: wait a few minutes, then start again.
problem-internal-title = Something went wrong on our side
problem-internal = It is not your fault, and the error has been recorded. Start again; if it comes back, call your agency.
problem-foreign-browser-title = This page was opened in another browser
problem-foreign-browser = For your safety, a sign-in that began in one browser cannot continue in another. Start again here: it only takes a moment.

form-post-title = Back to your client space
form-post-lead = You are being taken there. If nothing happens, press the button.
