# J9: help.

help-title = Help with signing in
help-move-title = Moving to My property account
help-move-lead = The identifier and the password of { $agency } are replaced by your email address and a password of your own. Six steps, once only.
help-move-lead-any = The identifier and the password of your agency are replaced by your email address and a password of your own. Six steps, once only.
help-step-1-title = Your old identifiers
help-step-1 = Type them one last time. We explain what changes.
help-step-2-title = Your email address
help-step-2 = Keep the one your agency knows, or type another.
help-step-3-title = Your password
help-step-3 = Make it long. Four unrelated words will do.
help-step-4-title = The message
help-step-4 = Open your mail and press the button in the message.
help-step-5-title = Signing in
help-step-5 = Type your email address and your new password, on whichever device you like.
help-step-6-title = The terms
help-step-6 = Read them to the end and accept them: you are signed in.
help-mail-title = The message does not come
help-mail-1 = Look in the “junk” or “spam” folder of your mail.
help-mail-2 = Check the address shown at step 4 and correct it if need be.
help-mail-3 = Press “Send the message again”. Only the latest message works.
help-mail-4 =
    { $days ->
        [one] After { $days } day the link is no longer valid: start again from your client space, with your old identifiers.
       *[other] After { $days } days the link is no longer valid: start again from your client space, with your old identifiers.
    }
help-locked-title = My account is locked
help-locked-why = After { $failures } wrong passwords in a row, the account locks so that nobody can guess yours.
help-locked-how = Choose a new password: that unlocks the account at once. The link you will receive works for { $minutes } minutes.
help-old-title = My old identifier is refused
help-old-moved = If you have already created your account, the old identifier can no longer be used. Sign in with the email address you chose that day.
help-old-wrong = Otherwise, copy it exactly from your agency’s letter, without spaces. If nothing helps, call the agency.
help-safe-title = Beware of false messages
help-safe = Before you type your password, check that the address at the top of the screen is indeed <strong>{ $host }</strong>. Neither we nor your agency will ever ask you for it by phone or by email.
help-website = The site of { $agency }
