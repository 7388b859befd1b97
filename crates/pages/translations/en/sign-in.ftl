# SPEC J1, J4, J5: signing in, with an account or with the old identifiers.
sign-in-title = Sign in
sign-in-lead = Sign in to open your { $agency } client space.
sign-in-forgot = Forgotten your password?
sign-in-keep = Keep me signed in
sign-in-button = Sign in
sign-in-help = Need help signing in?
sign-in-keep-hint = { $days ->
    [one] On this device, up to { $days } day after your last visit. Best avoided on a device that others use.
   *[other] On this device, up to { $days } days after your last visit. Best avoided on a device that others use.
  }
door-title = Still using your old identifier?
door-text = The identifier and password that { $agency } gave you let you create your account. It takes about five minutes.
door-text-any = The identifier and password that your agency gave you let you create your account. It takes about five minutes.
door-button = Use my old identifier
door-carry = Go on with this identifier
notice-signed-out = You are signed out. See you soon.
notice-account-ready = Your account is ready. Sign in with your email address and the password that you chose.
notice-ticket-invalid = The way here from your client space did not work: that link has expired or was used before. Nothing is lost: sign in here, or use your old identifier.
notice-started-again = This page had been open for a long time, so we refreshed it. You can go on.
notice-cookies-gone = This page was begun in another browser, or the cookies of this one were deleted. Nothing is lost: sign in here.
notice-confirm-again = You are already signed in. For your safety, the client space asks you to type your password again.
refused-wrong = Invalid password
refused-remaining = { $remaining ->
    [one] You have { $remaining } attempt left before the account is locked.
   *[other] You have at most { $remaining } attempts left before the account is locked.
  }
refused-check = Check the email address, then <a href="{ $field }">type the password again</a>. Mind the capital letters.
refused-forgot = I have forgotten my password
throttled-title = Too many attempts in a row
throttled-text = Please wait { $wait }, then try again. This attempt was not counted.
missing-title = Something is missing
missing-email-empty = Type your email address.
missing-email-identifier = This is not an email address. Is it the identifier that your agency gave you?
missing-email-other = Type a whole email address, for example name@example.com
missing-password = Type your password.
missing-code = Type your activation code
missing-identifier = Type your identifier.
missing-nothing = Nothing was checked, and this attempt was not counted.
unusable-title = This password cannot be checked
unusable-field = Unreadable password
unusable-text = It is too long, or it holds a character that cannot be seen. <a href="{ $field }">Type it again</a>. This attempt was not counted.
busy-title = Many people are here right now
busy-text = We could not check your password. There is nothing wrong with it, and this attempt was not counted. Please try again in a moment.
locked-title = The account is locked
locked-why = Too many invalid passwords were typed. To protect you, no password is accepted any more, not even the right one.
locked-how = To unlock, ask for a message (“Forgotten your password?”): its link lets you choose a new password, or finish creating your account.
locked-button = Choose a new password
locked-mail = If this address has an account, its owner also gets this link without asking, at most once an hour.
legacy-title = Old identifier
legacy-heading = Your old identifier
legacy-lead = Type the identifier and the password that { $agency } gave you. They serve one last time, to create your account.
legacy-lead-any = Type the identifier and the password that your agency gave you. They serve one last time, to create your account.
legacy-identifier-hint = As printed on your agency's letters.
legacy-wrong-title = Invalid identifier or password
legacy-wrong-remaining = { $remaining ->
    [one] You have { $remaining } attempt left before this identifier is locked.
   *[other] You have at most { $remaining } attempts left before this identifier is locked.
  }
legacy-wrong-check = Copy them from your agency's letter, minding capital letters and hyphens.
legacy-wrong-moved = If you have already created your account, this identifier can no longer be used: <a href="{ $href }">sign in with your email address</a>.
legacy-locked-title = Too many attempts with this identifier
legacy-locked-text = { $minutes ->
    [one] Too many invalid passwords were typed. Please wait { $minutes } minute, then try again.
   *[other] Too many invalid passwords were typed. Please wait { $minutes } minutes, then try again.
  }
legacy-locked-portal = You can also go through your agency's website right now: sign in to the client space with your old identifier, and it will bring you here.
legacy-locked-else = If you cannot find your old password, your agency can give you another.
legacy-code-title = Activation code
legacy-code-heading = Your activation code
legacy-code-lead = Type the identifier and the code that { $agency } gave you. They serve once, to create your account.
legacy-code-lead-any = Type the identifier and the code that your agency gave you. They serve once, to create your account.
legacy-code-hint = Twelve letters and digits in three groups. Capitals or not, with or without hyphens.
legacy-code-wrong-title = Invalid identifier or code
legacy-code-wrong-check = Copy them from your agency's letter. If you have received several codes, only the newest works, until the date that it tells.
legacy-code-misspelt-title = There is a slip in this code
legacy-code-misspelt-text = Compare it with the letter, character by character. This attempt was not counted.
legacy-code-way = I have an activation code
legacy-password-way = I have my old password
legacy-closed-title = This account is closed
legacy-closed-text = These old sign-in details are right, but the account that replaced them is closed. Call your agency: they can have it reopened, or tell you how to receive the documents of a relative who has died.
legacy-left-title = Your agency no longer counts you among its clients
legacy-left-text = Your old sign-in details are right, but the client space of this agency has been closed to you since its last update. If you are still a client, call your agency: only they can correct their list.
legacy-unusable-title = This identifier and password cannot be checked
legacy-unusable-text = One of them is too long, holds a character that cannot be seen, or is no real password. Please type them again. This attempt was not counted.
legacy-unavailable-title = Your agency's service does not answer
legacy-unavailable-text = There is nothing wrong with your password, and this attempt was not counted. Please try again in a few minutes.
legacy-lost-title = I have lost my old identifier or my old password
legacy-lost-text = The identifier is usually printed on service charge statements, rent receipts or the welcome letter. If you have lost the password, please ask your agency: only they can check who you are, and they can give you an activation code.
legacy-lost-phone = You can call { $agency } on
moved-title = This old identifier can no longer be used
moved-text = It has been replaced by an account. Sign in with the email address chosen at that time.
moved-hint = That address looks like: <strong class="address">{ $hint }</strong>
moved-button = Sign in with my email address
moved-else = Use another identifier
choose-title = Choose your agency
choose-move = Which agency gave you the identifier that you want to use?
choose-attach = Which agency would you like to attach to your account?
choose-none = There is no agency to choose at the moment.
