# The mails. The subject names the agency and holds no secret. No markup: the same sentences serve the text part.

mail-subject = { $who }: { $what }
mail-hello = Hello,
mail-link-words = The button does not work? Copy this address into your browser:
mail-signed = { $who }
mail-service = My property account is the service that opens your agency’s client space: { $issuer }
mail-never = Nobody will ask you for your password by email or by phone.
mail-auto = This message is sent automatically. It is not a formal notice from your managing agent.
mail-contact = Any questions? { $agency }:

mail-confirm-what = confirm your email address
mail-confirm-title = Confirm your email address
mail-confirm-lead = You chose this address for your account: { $email }
mail-confirm-do = Press the button, then sign in with this address and the password you have just chosen.
mail-confirm-button = Confirm my address
mail-confirm-days =
    { $days ->
        [one] This link is valid for { $days } day, on whichever device you like.
       *[other] This link is valid for { $days } days, on whichever device you like.
    }
mail-confirm-not-you = You asked for nothing? Do nothing: without the chosen password, nobody can confirm your address.

mail-welcome-what = your account is ready
mail-welcome-title = Your account is ready
mail-welcome-lead = From now on, sign in with your email address ({ $email }) and your password. Your old identifier at { $agency } can no longer be used.
mail-terms-lead = Here is the proof of your acceptance. The text you accepted is attached to this message: please keep both.
mail-receipt-title = Terms accepted
mail-receipt-version = Version
mail-receipt-when = Accepted on
mail-receipt-account = Account
mail-receipt-sha256 = Fingerprint of the text (SHA-256)
mail-welcome-not-you = This was not you? Tell your agency without delay.

mail-link-added-what = agency attached to your account
mail-link-added-title = { $agency } is attached to your account
mail-link-added-lead = Since { $when }, the same account opens the client space of { $agency }. The old identifier of this agency can no longer be used.
mail-link-added-button = Open the client space
mail-link-added-not-you = This was not you? Change your password with “Forgotten your password?” and tell the agency without delay.

mail-account-locked-what = your account is locked
mail-account-locked-title = Your account is locked
mail-account-locked-lead = A wrong password was entered several times in a row. To protect your data, we have locked the account.
mail-account-locked-do = To unlock it, choose a new password.
mail-account-locked-not-you = This was not you? Someone may have tried to guess your password, without success. Unlocking it with a new password is enough.

mail-reset-button = Choose a new password
mail-reset-minutes =
    { $minutes ->
        [one] This link is valid for { $minutes } minute and works once. Only the one in the latest message works. Too late? Ask for another with “Forgotten your password?”.
       *[other] This link is valid for { $minutes } minutes and works once. Only the one in the latest message works. Too late? Ask for another with “Forgotten your password?”.
    }

mail-reset-password-what = choose a new password
mail-reset-password-title = Choose a new password
mail-reset-password-lead = A new password was asked for your account.
mail-reset-password-not-you = You asked for nothing? Do nothing: your present password stays valid.

mail-finish-enrolment-what = finish creating your account
mail-finish-enrolment-title = Finish creating your account
mail-finish-enrolment-lead = A new password was asked for this address. The account begun with { $agency } is not finished yet: your address is still to be confirmed.
mail-finish-enrolment-do = Press the button, then sign in with this address and the password you had chosen.
mail-finish-enrolment-button = Finish my account
mail-finish-enrolment-again = That password escapes you? Start again from the client space, with your old identifiers, and choose another:
mail-finish-enrolment-not-you = You asked for nothing? Do nothing.

mail-password-changed-what = your password has changed
mail-password-changed-title = Your password has changed
mail-password-changed-lead = The password of your account was changed on { $when }. To be safe, your other devices were signed out.
mail-password-changed-not-you = This was not you? Choose a new password at once with “Forgotten your password?”, then tell your agency.

mail-address-chosen-what = another address was chosen
mail-address-chosen-title = Another address was chosen
mail-address-chosen-lead = { $agency } had given us this address for you. When your account was created, another one was chosen: { $masked }
mail-address-chosen-you = That was you? All is well, there is nothing to do.
mail-address-chosen-not-you = That was not you? Call { $agency } without delay.

mail-terms-accepted-what = terms accepted
mail-terms-accepted-title = You have accepted the new terms
