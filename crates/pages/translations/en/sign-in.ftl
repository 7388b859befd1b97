# J1, J4, J5, J6, J10: sign in, forgotten password, sign out.

sign-in-title = Sign in
sign-in-lead = Sign in to reach the client space of { $agency }.
sign-in-forgot = Forgotten your password?
sign-in-keep = Keep me signed in
sign-in-keep-hint =
    { $days ->
        [one] On this device, for { $days } day at most. Best avoided on a shared computer.
       *[other] On this device, for { $days } days at most. Best avoided on a shared computer.
    }
sign-in-button = Sign in
sign-in-help = Need help signing in?

notice-signed-out = You are signed out.
notice-account-ready = Your account is ready. Sign in with your email address and your new password.
notice-password-changed = Your new password is in place. You can sign in.
notice-ticket-invalid = The way from your client space did not work this time. Sign in here or, if you have no account yet, use your old identifiers.
notice-started-again = The page had been open for a long time, so we started it again. Nothing is lost.
notice-confirm-again = For your safety, your client space asks you to confirm your password.

door-title = Do you still have your old identifiers?
door-text = If { $agency } gave you an identifier and a password, use them one last time to create your account.
door-text-any = If your agency gave you an identifier and a password, use them one last time to create your account.
door-button = Use my old identifiers

legacy-title = Old identifiers
legacy-heading = Your old identifiers
legacy-lead = Type the identifier and the password that { $agency } gave you. They serve one last time, to check that it is really you.
legacy-lead-any = Type the identifier and the password that your agency gave you. They serve one last time, to check that it is really you.
legacy-identifier-hint = It is printed on your agency’s letters. It is usually not an email address.
legacy-wrong-title = Invalid identifier or password
legacy-wrong-remaining =
    { $remaining ->
        [one] You have { $remaining } attempt left before this identifier is locked for a while.
       *[other] You have { $remaining } attempts left before this identifier is locked for a while.
    }
legacy-wrong-check = Check <a href="#identifier">your identifier</a>, then <a href="#password">type your password again</a>.
legacy-wrong-moved = If you have already created your account, this identifier can no longer be used: <a href="{ $href }">sign in with your email address</a>.
legacy-locked-title = This identifier is locked for a while
legacy-locked-text =
    { $minutes ->
        [one] A wrong password was entered too many times. You can try again in { $minutes } minute.
       *[other] A wrong password was entered too many times. You can try again in { $minutes } minutes.
    }
legacy-locked-else = If you are in a hurry, call your agency: it can help you.
legacy-unavailable-title = Your agency’s service is not answering
legacy-unavailable-text = Your password is not the cause, and no attempt was counted. Try again in a few minutes.
legacy-lost-title = I have lost my identifier or my password
legacy-lost-text = Your agency can give them to you again once it has checked who you are. Nobody will ask you for your password by phone or by email.
legacy-lost-phone = { $agency }:

moved-title = This identifier can no longer be used
moved-text = You have already exchanged it for your account. Sign in with the email address that you chose at that time.
moved-hint = Your address looks like this: <strong class="address">{ $hint }</strong>
moved-button = Sign in with my email address
moved-else = Do you have another identifier?

forgot-title = Forgotten password
forgot-lead = Give the email address of your account. We will send a link there to choose a new password.
forgot-button = Send me the link
forgot-legacy = No account yet?
forgot-sent-title = Look at your mail
forgot-sent-lead = If this address has an account, a message has just been sent to it:
forgot-sent-minutes =
    { $minutes ->
        [one] The link works for { $minutes } minute, once only.
       *[other] The link works for { $minutes } minutes, once only.
    }
forgot-sent-newest = If you ask for several, only the link in the latest message works.
forgot-sent-other = Nothing came? You may have chosen another address for your account.
forgot-sent-again = Try another address

reset-title = Choose a new password
reset-lead = This password will be the one of the account:
reset-button = Save
reset-others = To be safe, your other devices will be signed out.

dead-title = This link no longer works
dead-reset = It has expired, it has been used, or a later message has replaced it. Your account has not changed.
dead-reset-how = Simply ask for a new link: it arrives within moments.
dead-reset-button = Send me a new link
dead-confirm = It has expired, or a later message has replaced it. Nothing is lost.
dead-confirm-1 = If you received several messages, open the link in the latest one.
dead-confirm-2 = Otherwise, start again with your old identifiers: they still work here.
dead-confirm-button = Start again

sign-out-title = Sign out
sign-out-heading = Do you want to sign out?
sign-out-asked = { $client } asks to sign you out.
sign-out-lead = You are leaving My property account on this device.
sign-out-all = You will be signed out of every client space that is open in this browser.
sign-out-yes = Sign out
sign-out-no = Stay signed in
signed-out-title = You are signed out
signed-out-lead = See you soon.
signed-out-shared = If this computer is shared, close the browser window as well.
signed-out-back = Return to { $agency }
signed-out-back-any = Return to the client space
signed-out-again = Sign in again

home-title = My agencies
home-hello = Hello { $name }
home-hello-any = Hello
home-signed-in = You are signed in as
home-agencies = My agencies
home-none = No agency is attached to your account yet.
home-attach = Attach an agency
home-attach-more = Attach another agency
home-sign-out = Sign out

choose-title = Choose your agency
choose-move = Which agency gave you your identifier and your password?
choose-attach = Which agency do you want to attach to your account?
choose-none = There is no agency to choose at the moment.
