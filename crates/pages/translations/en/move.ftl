# J2, J3, J7, J13: creating the account, attaching an agency, the terms.

notice-title = Your access is changing
notice-hello-name = Hello { $name }, we have recognised you. Here is what changes: two minutes of reading.
notice-hello = Hello, we have recognised you. Here is what changes: two minutes of reading.
notice-change-title = What changes
notice-change = The identifier and the password given by { $agency } are replaced by an account of your own: <strong>your email address and a password that you choose</strong>. The same account will serve for all your agencies.
notice-why-title = Why
notice-why = To protect your data better. A password that you alone know, tied to an address that you have confirmed, is far safer than an identifier sent by post.
notice-same-title = What does not change
notice-same = The client space of { $agency } stays the same: same documents, same services, same address.
notice-next-title = What we will do together
notice-next-1 = Choose your email address.
notice-next-2 = Choose a password.
notice-next-3 = Open the message you will receive, and sign in.
notice-next-4 = Read and accept the terms of use.
notice-pause =
    { $days ->
        [one] You can stop at any time and carry on later, within the day. Your old identifiers work here until the last step.
       *[other] You can stop at any time and carry on later, within { $days } days. Your old identifiers work here until the last step.
    }
notice-leave = Not now

data-title = Your data
data-short = They come from { $agency } and from you. They serve only to identify you; they are neither sold nor used for advertising.
data-more = More about your data
data-who-title = Controller
data-why-title = Purpose
data-why = To identify you so that the client space opens, to protect your account, and to keep the proof of the terms accepted.
data-what-title = Data
data-what = Your name, your email address, your client reference, your sign-ins. Nobody can read your password, not even us.
data-source-title = Source
data-source = Your name and your client reference come from the files of { $agency }.
data-source-email = So does the email address proposed at the next step.
data-keep-title = How long
data-keep =
    { $days ->
        [one] An unfinished account is forgotten after { $days } day. An account without a visit is deleted after { $months } months, and you are told beforehand.
       *[other] An unfinished account is forgotten after { $days } days. An account without a visit is deleted after { $months } months, and you are told beforehand.
    }
data-rights-title = Your rights
data-rights = You may see, correct, take away or erase your data, and object to their use: write to the controller. You may also turn to the French authority, the CNIL (cnil.fr).
data-dpo-title = Data protection officer

email-title = Your email address
email-heading = Your email address
email-lead = It will replace your old identifier. Choose an address that you look at and that you alone read.
email-proposed = This is the one that { $agency } knows. Keep it, or type another.
email-proposed-any = This is the one that your agency knows. Keep it, or type another.
email-hint = For example: first.last@example.com
email-shared = Do you share an address as a couple or a family? Each person needs their own: one account, one address.
email-invalid-title = This email address is not complete
email-invalid-text = Correct the address: it needs a name, the @ sign, then a domain, as in first.last@example.com
email-invalid-field = Incomplete address
email-too-many-title = Too many different addresses today
email-too-many-text = To be safe, we take no new address before tomorrow. You can go on with an address you have already given, or call your agency.
email-doubt-title = Check your address
email-doubt-typed = You typed:
email-doubt-question = Did you mean:
email-doubt-yes = Yes, use this address
email-doubt-no = If your address is right as you typed it, press “Continue” again.
email-doubt-field = To be checked

password-title = Your password
password-heading = Your password
password-lead = Choose it for this account:
password-refused = This password will not do
password-too-short =
    { $min ->
        [one] It needs at least { $min } character.
       *[other] It needs at least { $min } characters.
    }
password-too-long = It is too long to be stored. Shorten it.
password-too-common = It is among the most used passwords, which are tried first. Choose another.
password-contains-context = It contains your name, your address or the agency’s name. Choose other words.
password-too-guessable = It is too easy to guess. Add one or two unrelated words.
password-control-characters = It contains an invisible character that cannot be typed again everywhere. Type it anew.
policy-title = It must:
policy-length =
    { $min ->
        [one] have at least { $min } character
       *[other] have at least { $min } characters
    }
policy-words = contain neither your name, nor your address, nor the agency’s name
policy-guess = be hard to guess
policy-tip = An idea: four unrelated words that are easy for you to remember. No capital letter and no digit is required.
policy-done = done
policy-missing = not yet

mailbox-title = Look at your mail
mailbox-sent = A message has just been sent to this address:
mailbox-correct = Is the address wrong? Correct it.
mailbox-do-1 = Open that message, on this device or another.
mailbox-do-2 = Press the button in it.
mailbox-do-3 = Sign in with your address and your new password.
mailbox-waiting = This page moves on by itself as soon as that is done. You may also close it.
mailbox-found = Done. Moving on…
mailbox-nothing-title = Nothing came?
mailbox-nothing-spam = Look in the “junk” or “spam” folder too.
mailbox-nothing-wait = Wait a few minutes: some mailboxes are slow.
mailbox-nothing-later =
    { $days ->
        [one] The link stays valid for { $days } day. After that, start again from your client space with your old identifiers.
       *[other] The link stays valid for { $days } days. After that, start again from your client space with your old identifiers.
    }
mailbox-resend = Send the message again
mailbox-resend-wait =
    { $count ->
        [one] You can send it again in { $count } second.
       *[other] You can send it again in { $count } seconds.
    }
mailbox-resends-left =
    { $count ->
        [one] { $count } more message possible today.
       *[other] { $count } more messages possible today.
    }
mailbox-no-more = The message was sent several times today. Check the address, or try again tomorrow.
mailbox-resent = A new message has just been sent. Only the latest one works.
mailbox-corrected = Your address is corrected, and a message has just been sent to the new one.

confirm-title = Confirm your address
confirm-lead = Sign in with your email address and the password you have just chosen. You will then go on to { $agency }.
confirm-password = Password
confirm-not-you = You asked for nothing? Close this page: without the password, nothing happens.
confirm-locked-title = Too many attempts without success
confirm-locked-text = To be safe, this link no longer works. Start again from your client space with your old identifiers: they still work.

already-title = Your address is already confirmed
already-lead = All is well: your account is ready. You can go on to { $agency }.
already-button = Continue

link-title = Attach an agency
link-heading = Attach { $agency } to your account
link-lead = Good news: you already have an account with this address. It will serve for this agency too.
link-then = You will keep a single password. The old identifier of { $agency } can then no longer be used.
link-password = Password
link-no-password = You have just signed in, so there is no need to type your password again.
link-button = Attach
link-other = Use another address

terms-title = Terms of use
terms-lead = This is the last step. Read this text to the end, then tick the box to accept it.
terms-new = The terms have changed since version { $previous }, which you accepted. Read the new text to the end, then tick the box to accept it.
terms-correct = Is the address wrong? Correct it.
terms-to-end = Go to the end of the text
terms-print = Print
terms-fingerprint = Fingerprint of the text (SHA-256):
terms-accept = I have read and I accept these terms
terms-early = Scroll to the end of the text before you tick this box.
terms-not-ticked = Tick the box to continue
terms-not-ticked-text = Once you have read the text, tick “I have read and I accept these terms”
terms-changed = The text has just changed
terms-changed-text = A new version came out while you were reading. Here it is: read it before you accept it. Nothing was recorded.
terms-receipt = You will receive a copy of this text and the proof of your acceptance by email.
terms-refuse = I do not accept

refuse-title = You do not accept the terms
refuse-enrolling = That is your right. Here is what it means:
refuse-enrolling-1 = No account is created and nothing is recorded in your name.
refuse-enrolling-2 = Your old identifiers stay valid.
refuse-enrolling-3 = Your agency can offer you another way to reach your documents.
refuse-account = That is your right. Here is what it means:
refuse-account-1 = Your account stays as it is, but it cannot open the client space without the new terms.
refuse-account-2 = You can come back to them whenever you like, or ask your agency for another way in.
refuse-read-again = Read the terms again

connected-title = You are now signed in
connected-lead = From now on, always sign in with:
connected-button = Go to { $agency }
connected-old = The old identifier of { $agency } can no longer be used. You may forget it.
receipt-title = Your acceptance
receipt-when = Given on
receipt-fingerprint = Fingerprint of the text (SHA-256)
receipt-mail = A copy of the text is on its way to your email address, with this proof.

not-linked-title = Agency not attached
not-linked-heading = { $agency } is not attached to your account yet
not-linked-lead = You are signed in as:
not-linked-text = Your account works, but { $agency } does not know yet that it is yours.
not-linked-attach-title = Attach this agency
not-linked-attach = Use the identifier and the password given by { $agency } one last time.
not-linked-attach-button = Attach this agency
not-linked-continue = Continue without attaching
not-linked-switch-title = Is this not your account?
not-linked-switch = Sign in with another account
