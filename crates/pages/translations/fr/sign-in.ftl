# SPEC J1, J4, J5 : se connecter, avec un compte ou avec les anciens identifiants.
sign-in-title = Connexion
sign-in-lead = Connectez-vous pour ouvrir votre espace client { $agency }.
# Libellés connus des utilisateurs, au caractère près (SPEC J1).
sign-in-forgot = Mot de passe oublié ?
sign-in-keep = Garder ma session active
sign-in-button = Connexion
sign-in-help = Besoin d'aide pour se connecter ?
sign-in-keep-hint = { $days ->
    [one] Sur cet appareil, jusqu'à { $days } jour après votre dernière visite. À éviter sur un appareil que d'autres utilisent.
   *[other] Sur cet appareil, jusqu'à { $days } jours après votre dernière visite. À éviter sur un appareil que d'autres utilisent.
  }
door-title = Vous avez encore vos anciens identifiants ?
door-text = L'identifiant et le mot de passe que vous a remis { $agency } vous permettent de créer votre compte. Comptez cinq minutes.
door-text-any = L'identifiant et le mot de passe que vous a remis votre agence vous permettent de créer votre compte. Comptez cinq minutes.
door-button = Utiliser mes anciens identifiants
door-carry = Continuer avec cet identifiant
notice-signed-out = Vous êtes déconnecté. À bientôt.
notice-account-ready = Votre compte est prêt. Connectez-vous avec votre adresse email et le mot de passe que vous avez choisi.
notice-ticket-invalid = Le passage depuis votre espace client n'a pas abouti : ce lien a expiré ou a déjà servi. Rien n'est perdu : connectez-vous ici, ou utilisez vos anciens identifiants.
notice-started-again = Cette page était restée ouverte longtemps : nous l'avons rafraîchie. Vous pouvez continuer.
notice-cookies-gone = Cette page a été commencée dans un autre navigateur, ou les cookies de celui-ci ont été effacés. Rien n'est perdu : connectez-vous ici.
notice-confirm-again = Vous êtes déjà connecté. Par sécurité, l'espace client demande que vous saisissiez de nouveau votre mot de passe.
refused-wrong = Mot de passe invalide
refused-remaining = { $remaining ->
    [one] Il vous reste { $remaining } essai avant que le compte ne soit bloqué.
   *[other] Il vous reste { $remaining } essais au plus avant que le compte ne soit bloqué.
  }
refused-check = Vérifiez l'adresse email, puis <a href="{ $field }">saisissez de nouveau le mot de passe</a>. Attention aux majuscules.
refused-forgot = J'ai oublié mon mot de passe
throttled-title = Trop d'essais à la suite
throttled-text = Patientez { $wait }, puis recommencez. Cet essai n'a pas été compté.
missing-title = Il manque quelque chose
missing-email-empty = Indiquez votre adresse email.
missing-email-identifier = Ce n'est pas une adresse email. Est-ce l'identifiant que vous a remis votre agence ?
missing-email-other = Indiquez une adresse email complète, par exemple prenom.nom@exemple.fr
missing-password = Indiquez votre mot de passe.
missing-code = Saisissez votre code d'activation
missing-identifier = Indiquez votre identifiant.
missing-nothing = Rien n'a été vérifié, et cet essai n'a pas été compté.
unusable-title = Ce mot de passe ne peut pas être vérifié
unusable-field = Mot de passe illisible
unusable-text = Il est trop long, ou il contient un caractère invisible. <a href="{ $field }">Saisissez-le de nouveau</a>. Cet essai n'a pas été compté.
busy-title = Beaucoup de monde en ce moment
busy-text = Nous n'avons pas pu vérifier votre mot de passe. Il n'est pas en cause et cet essai n'a pas été compté. Recommencez dans un instant.
locked-title = Le compte est bloqué
locked-why = Trop de mots de passe invalides ont été saisis. Pour vous protéger, plus aucun mot de passe n'est accepté, pas même le bon.
locked-how = Pour débloquer, demandez un message (« Mot de passe oublié ») : son lien vous fait choisir un nouveau mot de passe, ou terminer la création de votre compte.
locked-button = Choisir un nouveau mot de passe
locked-mail = Si cette adresse a un compte, son titulaire reçoit aussi ce lien sans le demander, une fois par heure au plus.
legacy-title = Anciens identifiants
legacy-heading = Vos anciens identifiants
legacy-lead = Saisissez l'identifiant et le mot de passe que vous a remis { $agency }. Ils servent une dernière fois, pour créer votre compte.
legacy-lead-any = Saisissez l'identifiant et le mot de passe que vous a remis votre agence. Ils servent une dernière fois, pour créer votre compte.
legacy-identifier-hint = Tel qu'il figure sur les courriers de votre agence.
legacy-wrong-title = Identifiant ou mot de passe invalide
legacy-wrong-remaining = { $remaining ->
    [one] Il vous reste { $remaining } essai avant que cet identifiant ne soit bloqué.
   *[other] Il vous reste { $remaining } essais au plus avant que cet identifiant ne soit bloqué.
  }
legacy-wrong-check = Recopiez-les depuis le courrier de votre agence, en respectant les majuscules et les tirets.
legacy-wrong-moved = Si vous avez déjà créé votre compte, cet identifiant ne peut plus être utilisé : <a href="{ $href }">connectez-vous avec votre adresse email</a>.
legacy-locked-title = Trop d'essais avec cet identifiant
legacy-locked-text = { $minutes ->
    [one] Trop de mots de passe invalides ont été saisis. Patientez { $minutes } minute, puis recommencez.
   *[other] Trop de mots de passe invalides ont été saisis. Patientez { $minutes } minutes, puis recommencez.
  }
legacy-locked-portal = Vous pouvez aussi passer dès maintenant par le site de votre agence : connectez-vous à l'espace client avec vos anciens identifiants, il vous conduira ici.
legacy-locked-else = Si vous ne retrouvez pas votre ancien mot de passe, votre agence peut vous en remettre un autre.
legacy-code-title = Code d'activation
legacy-code-heading = Votre code
legacy-code-lead = Saisissez l'identifiant et le code que vous a remis { $agency }. Ils servent une seule fois, pour créer votre compte.
legacy-code-lead-any = Saisissez l'identifiant et le code que vous a remis votre agence. Ils servent une seule fois, pour créer votre compte.
legacy-code-hint = Douze lettres et chiffres en trois groupes. Majuscules ou minuscules, avec ou sans tirets.
legacy-code-wrong-title = Identifiant ou code invalide
legacy-code-wrong-check = Recopiez-les depuis le courrier de votre agence. Si vous avez reçu plusieurs codes, seul le plus récent fonctionne, jusqu'à la date indiquée.
legacy-code-misspelt-title = Ce code contient une faute de frappe
legacy-code-misspelt-text = Comparez-le avec le courrier, caractère par caractère. Cet essai n'a pas été compté.
legacy-code-way = J'ai un code d'activation
legacy-password-way = J'ai mon ancien mot de passe
legacy-closed-title = Ce compte est fermé
legacy-closed-text = Ces anciens identifiants sont justes, mais le compte qui les a remplacés est fermé. Appelez votre agence : elle peut le faire rouvrir, ou vous dire comment recevoir les documents d'un proche décédé.
legacy-left-title = Votre agence ne vous compte plus parmi ses clients
legacy-left-text = Vos anciens identifiants sont justes, mais l'espace client de cette agence vous est fermé depuis sa dernière mise à jour. Si vous êtes toujours client, appelez votre agence : elle seule peut corriger sa liste.
legacy-unusable-title = Ces identifiants ne peuvent pas être vérifiés
legacy-unusable-text = L'identifiant ou le mot de passe est trop long, contient un caractère invisible, ou n'est pas un vrai mot de passe. Saisissez-les de nouveau. Cet essai n'a pas été compté.
legacy-unavailable-title = Le service de votre agence ne répond pas
legacy-unavailable-text = Votre mot de passe n'est pas en cause et cet essai n'a pas été compté. Recommencez dans quelques minutes.
legacy-lost-title = J'ai perdu mon ancien identifiant ou mon ancien mot de passe
legacy-lost-text = L'identifiant figure en général sur les appels de fonds, les quittances ou le courrier d'accueil. Si vous avez perdu le mot de passe, adressez-vous à votre agence : elle seule peut vérifier qui vous êtes, et elle peut vous remettre un code d'activation.
legacy-lost-phone = Vous pouvez appeler { $agency } au
moved-title = Cet identifiant ne peut plus être utilisé
moved-text = Il a déjà été remplacé par un compte. Connectez-vous avec l'adresse email choisie à ce moment-là.
moved-hint = Cette adresse ressemble à : <strong class="address">{ $hint }</strong>
moved-button = Me connecter avec mon adresse email
moved-else = Utiliser un autre identifiant
choose-title = Choisissez votre agence
choose-move = Quelle agence vous a remis l'identifiant que vous souhaitez utiliser ?
choose-attach = Quelle agence souhaitez-vous rattacher à votre compte ?
choose-none = Aucune agence ne peut être choisie pour le moment.
