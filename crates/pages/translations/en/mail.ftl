# The mails. No markup here: these texts also serve the plain text part.
mail-link-visible = If the button does not work, copy this address into your browser:
mail-text-button = { $label }:
mail-fact = { $label }: { $value }
mail-never = Neither your agency nor we will ever ask you for your password, by telephone or by message.
mail-automatic = Automatic message from My property account, { $issuer }
mail-minutes = { $minutes ->
    [one] This link works for { $minutes } minute, once.
   *[other] This link works for { $minutes } minutes, once.
  }
mail-not-you = If this was not you, please tell your agency.
mail-open-space = Open my client space
mail-confirm-subject = { $agency }: confirm your email address
mail-confirm-heading = Confirm your address
mail-confirm-1 = You are creating your account for the { $agency } client space. Two steps remain: confirming your address and reading the terms of use.
mail-confirm-2 = Follow this link, then sign in with the address { $email } and the password that you have just chosen.
mail-confirm-button = Confirm my address
mail-code = Or type this code on the page where you chose your password:
mail-code-never = Give this code to nobody, not even to your agency.
mail-code-days = { $days ->
    [one] It works for { $days } day.
   *[other] It works for { $days } days.
  }
mail-confirm-days = { $days ->
    [one] This link works for { $days } day, on any device you like.
   *[other] This link works for { $days } days, on any device you like.
  }
mail-confirm-not-you = If you did not ask for this, do nothing: no account will be created.
mail-welcome-subject = { $agency }: your account is ready
mail-welcome-heading = Your account is ready
mail-welcome-1 = You now open your { $agency } client space with your email address and your new password. The old identifier is no longer used.
mail-welcome-2 = Keep this message: it is the proof of what you accepted.
mail-receipt = You accepted the following terms:
mail-receipt-attached = The full text is attached to this message.
mail-terms-subject = { $agency }: the terms that you accepted
mail-terms-heading = Your agreement to the terms
mail-link-ending-subject = { $agency }: your client space is going to close
mail-link-ending-heading = Your client space is going to close
mail-link-ending-1 = { $agency } no longer counts you among its clients. Your client space there stays open until the date below: take the documents that you need.
mail-link-ending-2 = Your account and your other agencies do not change.
mail-link-ending-when = Closes
mail-link-ending-mistake = If you are still a client of this agency, tell them: only they can correct their list.
mail-link-added-subject = { $agency } is attached to your account
mail-link-added-heading = An agency was attached to your account
mail-link-added-1 = You now open your { $agency } client space with your usual email address and password.
mail-link-added-2 = The old identifier of this agency is no longer used.
mail-link-added-not-you = If this was not you, change your password at once and tell this agency.
mail-link-taken-subject = { $agency } is no longer attached to your account
mail-link-taken-heading = An agency is no longer attached to your account
mail-link-taken-1 = Your account no longer opens the { $agency } client space: the agency or the support team removed the link, and you were signed out there.
mail-link-taken-2 = Your account, your password and your other agencies do not change.
mail-link-taken-not-you = If you are a client of this agency and did not expect this, call them: they can give you a code to attach your client space again.
mail-link-given-subject = { $agency } is now attached to your account
mail-link-given-heading = An agency was attached to your account
mail-link-given-1 = The support team attached your { $agency } client space to this account. You open it with your usual email address and password.
mail-link-given-2 = Nothing else changes: neither your password nor your other agencies.
mail-link-given-not-you = If you do not know this agency, tell them: the link will be removed.
mail-locked-subject = { $agency }: your account is locked
mail-locked-heading = Your account is locked
mail-locked-1 = Too many invalid passwords were typed for your account. To protect you, no password is accepted any more, not even the right one.
mail-locked-2 = To unlock it, choose a new password.
mail-locked-not-you = If these attempts were not yours, nobody got in. A new password unlocks your account; until then, devices that are signed in stay so.
mail-unlocked-subject = { $agency }: your account is unlocked
mail-unlocked-heading = Your account is unlocked
mail-unlocked-1 = At your request, the password attempts that were counted for your account have just been cleared.
mail-unlocked-2 = Your password stays the same: nobody saw it or changed it. If you cannot remember it, choose a new one with “Forgotten password”.
mail-unlocked-not-you = If you asked for nothing, tell your agency.
mail-sessions-ended-subject = { $agency }: your devices were signed out
mail-sessions-ended-heading = All your devices were signed out
mail-sessions-ended-1 = At your request, all devices that were signed in to your account have just been signed out, in your client spaces too.
mail-sessions-ended-2 = Your password stays the same. If somebody else knows it, choose a new one with “Forgotten password”.
mail-sessions-ended-not-you = If you asked for nothing, tell your agency.
mail-closed-subject = { $agency }: your account is closed
mail-closed-heading = Your account is closed
mail-closed-1 = Your account opens no client space any more, and all your devices were signed out.
mail-closed-2 = If you change your mind, call your agency: it can be reopened as it was.
mail-closed-not-you = If you asked for nothing, tell your agency at once.
mail-reopened-subject = { $agency }: your account is open again
mail-reopened-heading = Your account is open again
mail-reopened-1 = Your account opens your client spaces again, with the same email address.
mail-reopened-2 = If your password is not accepted, choose a new one with “Forgotten password”.
mail-reopened-not-you = If you asked for nothing, tell your agency.
mail-reset-subject = { $agency }: choose a new password
mail-reset-heading = Choose a new password
mail-reset-1 = You asked to replace the password of your account. Follow this link.
mail-reset-newest = If you received several messages, open the latest.
mail-reset-not-you = If you did not ask for this, do nothing: your password stays the same.
mail-invited-subject = { $agency }: your access to the desk
mail-invited-heading = Your access to the desk
mail-invited-1 = { $agency } has named you among those who help its clients. Choose a password: you will have an account of your own, with this address.
mail-invited-1-all = You are named among those who help the clients of agencies. Choose a password: you will have an account of your own, with this address.
mail-invited-2 = You will be shown the terms of use, and then the desk opens.
mail-invited-days = { $days ->
    [one] This link works once, for one day.
   *[other] This link works once, for { $days } days.
  }
mail-invited-not-you = If you do not work for this agency, do nothing: no account is made.
mail-finish-subject = { $agency }: finish creating your account
mail-finish-heading = Your account is not created yet
mail-finish-1 = You asked for a new password, but the creation of your account is not finished: there is no password to replace yet.
mail-finish-2 = To finish, follow this link and sign in with the password chosen for { $agency }.
mail-finish-button = Finish creating my account
mail-finish-lost = You no longer know that password? Start again from your client space, with your old identifier: { $url }
mail-changed-subject = { $agency }: your password was changed
mail-changed-heading = Your password was changed
mail-changed-1 = The password of your account has just been replaced. If the account was locked, it no longer is.
mail-changed-2 = For your safety, all your other devices were signed out.
mail-changed-not-you = If this was not you, ask for a new password at once through “Forgotten your password?”, then tell your agency.
mail-address-subject = { $agency }: another email address was chosen
mail-address-heading = Another address was chosen
mail-address-1 = With your old { $agency } identifier, somebody is creating an account with an email address other than this one.
mail-address-2 = If that is you, there is nothing to do.
mail-address-chosen = Address chosen
mail-address-not-you = If that is not you, call { $agency } at once.
mail-new-address-subject = { $agency }: confirm your new address
mail-new-address-heading = Confirm your new address
mail-new-address-1 = You asked to open your account with this address. Follow this link to confirm it.
mail-new-address-hours = { $hours ->
    [one] This link works for { $hours } hour. Until then nothing changes.
   *[other] This link works for { $hours } hours. Until then nothing changes.
  }
mail-new-address-not-you = If you asked for nothing, do nothing: no account will change.
mail-asked-subject = { $agency }: another address is asked for
mail-asked-heading = Are you changing your address?
mail-asked-1 = Somebody asked, with your password, to open your account with another address than this one.
mail-asked-2 = If that is you, there is nothing to do. If not, choose “That was not me”.
mail-asked-chosen = Address asked for
mail-take-back = That was not me
mail-asked-hours = { $hours ->
    [one] The request expires in { $hours } hour unless it is confirmed.
   *[other] The request expires in { $hours } hours unless it is confirmed.
  }
mail-replaced-subject = { $agency }: your address was replaced
mail-replaced-heading = Another address opens your account
mail-replaced-1 = Your account now opens with another address than this one, and all your other devices were signed out.
mail-replaced-days = { $days ->
    [one] This link works for { $days } day: you choose a new password there, and your account has this address again.
   *[other] This link works for { $days } days: you choose a new password there, and your account has this address again.
  }
mail-moved-subject = { $agency }: your new address is saved
mail-moved-heading = Your new address is saved
mail-moved-1 = From now on you sign in with the address that receives this message. Your password stays the same.
mail-moved-2 = For your safety, all your other devices were signed out.
mail-moved-not-you = If that is not you, tell your agency.
mail-taken-back-subject = { $agency }: the change of address is cancelled
mail-taken-back-heading = The change of address is cancelled
mail-taken-back-1 = The owner of the account has taken it back: it opens with the address below again, and with a new password.
mail-taken-back-2 = All other devices were signed out.
mail-taken-back-address = Address of the account
mail-device-subject = { $agency }: a new sign-in to your account
mail-device-heading = A new sign-in
mail-device-1 = Somebody has just signed in to your account with your password, on a device that we did not know.
mail-device-2 = If that is you, there is nothing to do.
mail-device-what = Device
mail-device-button = See my devices
mail-device-not-you = If that is not you, ask for a new password at once by “Forgotten your password?”: all devices will be signed out. Then tell your agency.
