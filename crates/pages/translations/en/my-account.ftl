# J11: my account, page by page.
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
