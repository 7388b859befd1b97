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
