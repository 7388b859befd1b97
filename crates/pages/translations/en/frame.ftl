# What surrounds every page, and what several pages say.
product = My property account
product-heading = My property account
client-space = Client space
skip = Skip to content
title-error = Error – { $title }
footer-contact = { $agency } is here to help
footer-here = You are on <strong>{ $host }</strong>. Check this address before you type your password.
footer-help = Help
back-sign-in = Back to sign-in
back-step = Previous step
back-plain = Back
button-continue = Continue
button-next-step = Next step
step-of = Step { $current } of { $total }
label-email = Email address
label-password = Password
label-new-password = Your new password
label-identifier = Identifier
label-old-password = Old password
label-activation-code = Activation code
reveal-show = Show
reveal-hide = Hide
reveal-show-label = Show the password
reveal-hide-label = Hide the password
recall-account = Your account
recall-agency = Agency
recall-version = Version
receipt-when = Date
receipt-terms = Text accepted
receipt-fingerprint = Fingerprint of the text (SHA-256)
contact-title = How to reach { $agency }:
contact-phone = Telephone
contact-email = Email
contact-hours = Opening hours
contact-address = Address
date = { $day } { $month ->
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
   *[12] December
  } { $year }
moment = { date } at { $hour }:{ $minute } (Paris time)
clock = { date } at { $hour }:{ $minute }
wait-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
  }
wait-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
  }
rehearsal = Rehearsal: the { $agency } client space is not open yet. What you do here is a trial.
