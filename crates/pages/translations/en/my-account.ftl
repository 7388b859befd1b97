# SPEC J11: my account, page by page.
account-back = My account
hub-title = My account
hub-agencies = My agencies
hub-sessions = My devices
hub-sessions-more = Where your account is open, and how to close it from here
sessions-title = My devices
sessions-lead = These are the devices on which your account is open now.
sessions-here = This device
sessions-others = Your other devices
sessions-none = Your account is open on no other device.
sessions-ended = Done: that device is signed out, and so are its client spaces.
sessions-ended-all = Done: all your other devices are signed out.
sessions-end = Sign out
sessions-end-all = Sign out all my other devices
sessions-doubt-title = You do not recognise a device?
sessions-doubt = An old telephone, a relative's computer? When in doubt, sign it out: there is no harm in it.
sessions-since = Signed in since { $date }
sessions-used = Used { $ago }
sessions-kept = Stays signed in when the browser is closed
device-on = { $browser } on { $system }
device-unknown = Unknown browser
ago-now = just now
ago-minutes = { $count ->
    [one] { $count } minute ago
   *[other] { $count } minutes ago
  }
ago-hours = { $count ->
    [one] { $count } hour ago
   *[other] { $count } hours ago
  }
ago-days = { $count ->
    [one] { $count } day ago
   *[other] { $count } days ago
  }
hub-agencies-more = Your client references, and the way to attach another one
agencies-title = My agencies
agencies-lead = These are the agencies whose client space your account opens.
agencies-refs = { $count ->
    [one] Your reference
   *[other] Your references
  }
agencies-since = Attached since
agencies-open = Open my client space
agencies-another-title = You have another agency?
agencies-another = Have the identifier and the password at hand that it gave you.
hub-acceptances = My agreements
hub-acceptances-more = The terms that you accepted, with their receipts
acceptances-title = My agreements
acceptances-lead = These are the terms of use that you accepted. Open a receipt to read it again or to print it.
acceptances-none = There was nothing that you had to accept.
acceptances-version = Terms, version { $version }
acceptances-row = Accepted on { $date }
acceptances-row-agency = Accepted on { $date }, with { $agency }
account-receipt-title = Receipt of your agreement
account-receipt-lead = You accepted this text with your account.
account-receipt-back = My agreements
account-receipt-language = Language of the text
account-receipt-how = How
account-receipt-read = End of the text shown, then box ticked
account-receipt-ticked = Box ticked
account-receipt-text = The text that you accepted
account-receipt-gone-title = The text is no longer here
account-receipt-gone = This version was taken off our site. You received it by email, attached to the message of the day of your agreement. Its fingerprint, above, tells whether a text is that one.
account-receipt-check = The fingerprint proves which text you accepted: if a single letter changed, it would be quite another.
language-fr = French
language-en = English
hub-password = My password
hub-password-more = Choose a new one
hub-saved-password = Your new password is saved. All your other devices are signed out.
account-password-title = My password
account-password-lead = To change it, first give the one that you use today.
account-password-current = Current password
again-wrong = Current password not valid
again-check = <a href="{ $field }">Type it again</a>. Mind capital letters.
hub-name = My name
hub-name-more = What we call you
hub-language = My language
hub-language-more = That of the pages and the messages
hub-saved-name = Your name is saved.
hub-saved-language = Your language is saved.
account-name-title = My name
account-name-lead = What would you like to be called? Your client spaces show it as well.
account-name-label = First name and surname
account-name-wrong = This name will not do
account-name-wrong-text = Write a name of 100 characters at most.
account-save = Save
account-language-title = My language
account-language-lead = In which language would you like to read these pages and to receive our messages?
hub-email = My email address
hub-email-more = The one that you sign in with
hub-saved-email = Your new address is saved. From now on you sign in with it.
hub-saved-taken-back = Your account is yours again: your address and your new password are saved.
account-email-title = My email address
account-email-lead = Today you sign in with:
account-email-how = To change it, give the new one. We will send it a message to confirm; until then nothing changes.
account-email-label = New email address
account-email-password = Your current password
account-email-same = This is your address already
account-email-same-text = Give another one, or go back to your account.
account-email-doubt-text = If you meant { $meant }, <a href="{ $field }">correct the address</a>. If yours is right, keep it and type your password.
account-email-too-many-text = For your safety, we accept no more for now. Come back tomorrow.
account-email-lost = You can no longer read your old address? That is no obstacle: only the new one has to be confirmed.
email-asked-title = Confirm your new address
email-asked-lead = We have just written to:
email-asked-do = Open that message and follow its link. Until then your account keeps its present address: { $email }
email-asked-hours = { $hours ->
    [one] The link works for { $hours } hour.
   *[other] The link works for { $hours } hours.
  }
email-asked-nothing = Nothing arrives? Look in the “Junk” or “Spam” folder. If the address is wrong, cancel and start again.
email-refused-title = The new address was refused by its server
email-refused-text = Our message could not be delivered there. It may be misspelt.
email-refused-kept = Nothing has changed. Your account keeps its present address:
email-refused-button = Correct the address
email-asked-cancel = Cancel this change
new-address-title = Confirm my new address
new-address-lead = From now on your account opens with the address:
new-address-password = To prove that this account is yours, type its password.
new-address-then = You will stay signed in here. All your other devices will be signed out.
new-address-button = Confirm this address
new-address-not-you = You asked for nothing? Close this page: nothing will change.
new-address-done-title = This address is confirmed
new-address-done = All is ready. You now sign in with:
new-address-done-button = Go to my account
take-back-title = That was not me
take-back-lead-asked = Somebody asked to replace the address of your account. You can stop it.
take-back-lead-changed = The address of your account was replaced. You can take your account back.
take-back-how = That person knew your password. Choose a new one: only you will have it, and they will be signed out everywhere.
take-back-keeps = Your account will keep the address:
take-back-button = Take my account back
take-back-else = It is you who changes the address? Close this page: there is nothing to do.
dead-address = This link has been used, it has expired, or the change was cancelled. Your account keeps the address that it has.
dead-address-how = To change your address, sign in and choose “My email address”.
dead-taken = Another account has this address already: it cannot serve two. Your account keeps the address that it has.
dead-taken-how = Sign in with this address if that account is yours too, or choose another one.
dead-take-back = This link has been used, it has expired, or the change was cancelled.
dead-take-back-how = If you have lost your account, call your agency at once.
dead-invitation = This link has been used, it has expired, a later message has replaced it, or you have an account already.
dead-invitation-how = If you have already chosen a password, sign in. Otherwise, ask the manager of your agency for a new invitation.
dead-home = Go to my account
hub-memo = My sign-in sheet
hub-memo-more = How to sign in again, to print
memo-title = My sign-in sheet
memo-lead = Everything you need to sign in again, except your password. Print this page, or copy it, and keep it wherever you like.
memo-email = Your email address
memo-password = The one that you chose. It is written down nowhere.
memo-host = The sign-in page
memo-steps-title = To sign in
memo-step-open = Open your client space, { $site }, and choose to sign in.
memo-step-open-any = Open your agency's client space, and choose to sign in.
memo-step-host = Open the page { $host }
memo-step-check = Check that the page that asks for your password really is on { $host }
memo-step-type = Type the address { $email } and your password, then choose “Sign in”.
memo-trouble-title = If something is wrong
memo-forgot = Forgotten password: choose “Forgotten your password?” on the sign-in page. A message brings you a link that works for { $minutes } minutes.
memo-locked = Locked account: after { $failures } wrong passwords, not even the right one is accepted. “Forgotten your password?” unlocks it.
memo-old = For these client spaces, the old identifiers no longer work.
memo-notes = Notes
memo-never = Never write your password here. Nobody will ask you for it, on the phone or in a message.
