# SPEC J2, J3, J7: the steps of the move to an account.
notice-title = Your access is changing
notice-hello-name = Hello { $name }, your old identifier and password are right.
notice-hello = Hello, your old identifier and password are right.
notice-change-title = What changes
notice-change = To open your { $agency } client space you will now use your email address and a password of your own choice. The same account will open the client spaces of your other agencies that offer this service.
notice-why-title = Why
notice-why = To protect your personal data better: only you will know this password, and you can change it whenever you like.
notice-same-title = What stays the same
notice-same = Your { $agency } client space itself: your documents, your statements and your requests are all still there.
notice-next-title = What comes next
notice-next-1 = You give your email address.
notice-next-2 = You choose a password.
notice-next-3 = You open the message that we send you, and sign in.
notice-next-4 = You read and accept the terms of use.
notice-pause = { $days ->
    [one] It takes about five minutes. You may stop and carry on within { $days } day: your old identifier works here until the last step.
   *[other] It takes about five minutes. You may stop and carry on within { $days } days: your old identifier works here until the last step.
  }
notice-leave = Not now
data-title = Your personal data
data-short = They are used to recognise you and to open your { $agency } client space, and for nothing else. You can see them, and have them corrected or erased.
data-more = Who, why, for how long, your rights
data-who-title = Who is responsible
data-why-title = What they are for
data-why = To check that it is really you, to open your client space, to protect your account and to keep proof of what you accepted. This is necessary for the service that your agency owes you, and for its security.
data-what-title = Which data
data-what = Your name, your email address, your client reference, whatever else your agency has in its file (a telephone number, for example), the dates of your sign-ins, the devices used and the texts that you accepted. Nobody knows your password.
data-source-title = Where they come from
data-source = Your name, your client reference and, where there is any, the rest of that file were passed on to us by { $agency }. The client spaces that you open receive your name and your email address. The rest goes back only to the agency that passed it on.
data-source-email = The email address offered in the next step comes from their files too.
data-keep-title = For how long
data-keep = An unfinished move can be taken up again for { $days ->
    [one] { $days } day
   *[other] { $days } days
  }, and is erased { $after ->
    [one] { $after } day
   *[other] { $after } days
  } later. Your account is kept until you ask for it to be closed: nothing deletes it by itself. The dates of your sign-ins and the devices used are erased at most { $log ->
    [one] { $log } day
   *[other] { $log } days
  } after their use has ended. The proof of your acceptance has no end date.
data-rights-title = Your rights
data-rights = Access, correction, erasure, restriction, objection and portability. Write to the officer below or to your agency: these requests cannot be made online yet. If the answer does not satisfy you, you can turn to the CNIL (cnil.fr).
data-dpo-title = Data protection officer
email-title = Your email address
email-heading = Your email address
email-lead = From now on, you will sign in with it.
email-proposed = Here is the one that { $agency } knows. Keep it, or give another.
email-proposed-any = Here is the one that your agency knows. Keep it, or give another.
email-hint = For example: first.last@example.com. Choose an address that you read often.
email-shared = One address serves one account only. If you share yours with a relative, choose a different address each.
email-invalid-title = This address is not complete
email-invalid-field = Email address incomplete or misspelt
email-invalid-text = Write it as in this example: first.last@example.com
email-too-many-title = Too many different addresses today
email-too-many-text = For your safety, we take no more for the moment. Come back tomorrow with your old identifier, or call your agency.
email-doubt-title = Is this really your address?
email-doubt-field = Check this address
email-doubt-typed = You wrote:
email-doubt-question = Did you mean:
email-doubt-yes = Yes, correct it
email-doubt-no = If yours is right, keep it below and choose “Continue”.
password-title = Your password
password-heading = Choose a password
password-lead = It will open your account, together with the address:
password-refused = This password will not do
password-too-short = It is too short: it needs { $min } characters at least.
password-too-long = It is too long: please choose a shorter one.
password-too-common = It is too common: it is on lists of known passwords.
password-contains-context = It contains your name, your address or the name of your agency.
password-too-guessable = It is too easy to guess: add a word or two.
password-control-characters = It contains a character that cannot be typed everywhere (tab, line break).
policy-title = Your password must:
policy-length = have { $min } characters at least
policy-words = contain neither your name, nor your address, nor the name of your agency
policy-guess = be neither common nor easy to guess
policy-tip = A good way: four unrelated words, with spaces. No capital letter or digit is required.
policy-done = fine
policy-all = All rules are met.
policy-some = Rules met: { $met } of { $total }.
mailbox-title = Look at your mail
mailbox-refused-heading = Your email address
mailbox-refused-title = This address was refused by its server
mailbox-refused-text = Our message could not be delivered there. Check every letter and correct it, or give another address.
mailbox-refused-field = Correct this address
mailbox-refused-button = Use this address
mailbox-refused-sure = Nothing is lost: your password is kept. If the address is right, send the message again or call your agency.
mailbox-sent = We have just written to:
mailbox-sent-before = A message was already sent to the address:
mailbox-resent = A new message is on its way. Use the latest one.
mailbox-corrected = The address is corrected, and a message is on its way to the new one.
mailbox-correct = Not the right address? Correct it
mailbox-do-1 = Open your mailbox, on this device or on another.
mailbox-do-2 = Open the message “My property account” and follow its link.
mailbox-do-3 = Sign in with this address and your new password.
mailbox-waiting = You can leave this page open: it will carry on by itself.
mailbox-code = Type the code in the message
mailbox-reload = Carry on (this page also reloads by itself, every 30 seconds)
mailbox-found = It is confirmed. Carrying on…
mailbox-nothing-title = Nothing has arrived?
mailbox-nothing-wait = Wait two or three minutes: some mailboxes take their time.
mailbox-nothing-later = { $days ->
    [one] You may close this page: the link in the message works for { $days } day.
   *[other] You may close this page: the link in the message works for { $days } days.
  }
mailbox-resend = Send the message again
mailbox-resend-wait = { $count ->
    [one] You can send it again in { $count } second.
   *[other] You can send it again in { $count } seconds.
  }
mailbox-resends-left = { $count ->
    [one] It can be sent { $count } more time today.
   *[other] It can be sent { $count } more times today.
  }
mailbox-no-more = We cannot send the message again today. Check the address, or start again tomorrow with your old identifier.
code-title = The code in the message
code-lead = Copy the eight digits of the message sent to:
label-code = Eight-digit code
code-hint = For example: 1234 5678. Spaces do not matter.
code-link = The link in the message works too: if you follow it, this page will carry on by itself.
code-unreadable-title = This code is not complete
code-unreadable-text = Type the eight digits of the message.
code-unreadable-field = It takes eight digits.
code-wrong-title = This is not the right code
code-wrong-text = Copy the code of the latest message.
code-wrong-field = This is not the code of the latest message.
code-remaining = { $remaining ->
    [one] { $remaining } attempt remains.
   *[other] { $remaining } attempts remain.
  }
code-spent-title = This code no longer works
code-spent-text = It was tried too often, or it is too old. Ask for a new message: it will bring another code.
code-spent-link = The link in the message still works.
junk-orange = Orange: open the “Indésirables” folder, in the list on the left. On a phone, touch the menu first.
junk-free = Free: open the “Spam” or “Indésirables” folder, in the list on the left.
junk-sfr = SFR: open the “Spam” or “Indésirables” folder, in the list on the left. On a phone, touch the menu first.
junk-laposte = La Poste: open the “Indésirables” or “Spam” folder, in the list on the left. On a phone, touch the menu first.
junk-gmail = Gmail: open “Spam”. If it is not in the list on the left, touch “More” first, or the menu on a phone. Look at the “Promotions” tab too.
junk-outlook = Outlook and Hotmail: open the “Junk Email” folder, in the list on the left. Look at the “Other” tab too.
junk-yahoo = Yahoo: open the “Spam” folder, in the list on the left. On a phone, touch “Inbox” at the top first.
junk-icloud = iCloud: open the “Junk” folder, under “Mailboxes”.
junk-other = Look in the “Junk” or “Spam” folder of your mailbox.
junk-then = If it is there, say that it is not junk: the next ones will arrive in the right place.
confirm-title = Confirm your address
confirm-lead = Sign in with your new address and the password that you have just chosen for { $agency }.
confirm-password = Password
confirm-not-you = You did not ask for this? Close this page: nothing will be created.
confirm-locked-title = Too many invalid passwords
confirm-locked-text = This link can no longer be used. Go back to your client space and start again with your old identifier: you will choose another password.
link-title = Attach an agency
link-heading = Attach { $agency } to your account
link-lead = This address already has an account. You can attach this agency to it, with nothing more to create.
link-then = From then on, the same password opens { $agency } and your other agencies. The old identifier will no longer be used.
link-password = Password of this account
link-no-password = You are already signed in to this account on this device: all we need is your agreement.
link-button = Attach
link-other = Choose another address
terms-title = Terms of use
terms-lead = Take the time to read this text. The box to tick is at the end.
terms-new = This text has changed since version { $previous }, which you accepted. Take the time to read it. The box to tick is at the end.
terms-correct = Correct my email address
terms-to-end = Go to the end of the text
terms-print = Print
terms-fingerprint = Fingerprint of this text (SHA-256):
terms-accept = I have read and accept these terms
terms-early = Scroll to the end of the text, then tick the box.
terms-not-ticked = The box is not ticked
terms-not-ticked-text = To continue, tick “I have read and accept these terms” at the end of the text.
terms-changed = The text changed while you were reading
terms-changed-text = Here is the new version. Nothing was accepted: please read it, then tick the box.
terms-receipt = You will receive this text by email, with the date of your agreement.
terms-refuse = I refuse
refuse-title = You did not accept the terms
refuse-enrolling = That is your right. This is what it means:
refuse-enrolling-1 = No account is created.
refuse-enrolling-2 = Your old identifier still works here.
refuse-enrolling-3 = Your agency remains at your disposal to send you your documents in another way.
refuse-account = That is your right. This is what it means:
refuse-account-1 = Your account still exists, but it does not open your client space as long as these terms are not accepted.
refuse-account-2 = Your agency remains at your disposal to send you your documents in another way.
refuse-read-again = Read the terms again
connected-title = You are now signed in
connected-lead = From now on, you sign in with:
connected-button = Open my { $agency } client space
connected-old = The old { $agency } identifier is no longer used. You may forget it.
connected-memo = Print my sign-in sheet: how to sign in again
connected-account = My account: my devices, my password, my address
receipt-title = Your agreement to the terms
receipt-mail = You receive it by email too, with the full text.
already-title = Your address is confirmed
already-lead = Everything is ready for your { $agency } client space. There is nothing more to do.
already-button = Sign in
