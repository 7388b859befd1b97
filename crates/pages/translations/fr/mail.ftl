# Les messages. Le sujet nomme l’agence et ne contient aucun secret. Pas de balises : les mêmes phrases servent au texte seul.

mail-subject = { $who } : { $what }
mail-hello = Bonjour,
mail-link-words = Le bouton ne fonctionne pas ? Copiez cette adresse dans votre navigateur :
mail-signed = { $who }
mail-service = Mon compte immobilier est le service qui ouvre l’espace client de votre agence : { $issuer }
mail-never = Personne ne vous demandera votre mot de passe par email ou par téléphone.
mail-auto = Ce message est envoyé automatiquement. Ce n’est pas une notification officielle de votre syndic ou de votre gérant.
mail-contact = Une question ? { $agency } :

mail-confirm-what = confirmez votre adresse email
mail-confirm-title = Confirmez votre adresse email
mail-confirm-lead = Vous avez choisi cette adresse pour votre compte : { $email }
mail-confirm-do = Appuyez sur le bouton, puis connectez-vous avec cette adresse et le mot de passe que vous venez de choisir.
mail-confirm-button = Confirmer mon adresse
mail-confirm-days =
    { $days ->
        [one] Ce lien est valable { $days } jour, sur l’appareil de votre choix.
       *[other] Ce lien est valable { $days } jours, sur l’appareil de votre choix.
    }
mail-confirm-not-you = Vous n’avez rien demandé ? Ne faites rien : sans le mot de passe choisi, personne ne peut confirmer votre adresse.

mail-welcome-what = votre compte est prêt
mail-welcome-title = Votre compte est prêt
mail-welcome-lead = Connectez-vous désormais avec votre adresse email ({ $email }) et votre mot de passe. Votre ancien identifiant chez { $agency } ne peut plus être utilisé.
mail-terms-lead = Voici la preuve de votre accord. Le texte accepté est joint à ce message : gardez-les.
mail-receipt-title = Conditions acceptées
mail-receipt-version = Version
mail-receipt-when = Accepté le
mail-receipt-account = Compte
mail-receipt-sha256 = Empreinte du texte (SHA-256)
mail-welcome-not-you = Ce n’était pas vous ? Prévenez votre agence sans attendre.

mail-link-added-what = agence rattachée à votre compte
mail-link-added-title = { $agency } est rattachée à votre compte
mail-link-added-lead = Depuis le { $when }, le même compte ouvre l’espace client de { $agency }. L’ancien identifiant de cette agence ne peut plus être utilisé.
mail-link-added-button = Ouvrir l’espace client
mail-link-added-not-you = Ce n’était pas vous ? Changez votre mot de passe avec « Mot de passe oublié » et prévenez l’agence sans attendre.

mail-account-locked-what = votre compte est bloqué
mail-account-locked-title = Votre compte est bloqué
mail-account-locked-lead = Un mot de passe faux a été saisi plusieurs fois de suite. Pour protéger vos données, nous avons bloqué le compte.
mail-account-locked-do = Pour le débloquer, choisissez un nouveau mot de passe.
mail-account-locked-not-you = Ce n’était pas vous ? Quelqu’un a peut-être essayé de deviner votre mot de passe, sans y parvenir. Le débloquer avec un nouveau mot de passe suffit.

mail-reset-button = Choisir un nouveau mot de passe
mail-reset-minutes =
    { $minutes ->
        [one] Ce lien est valable { $minutes } minute et ne sert qu’une fois. Seul celui du dernier message fonctionne. Trop tard ? Demandez-en un autre avec « Mot de passe oublié ».
       *[other] Ce lien est valable { $minutes } minutes et ne sert qu’une fois. Seul celui du dernier message fonctionne. Trop tard ? Demandez-en un autre avec « Mot de passe oublié ».
    }

mail-reset-password-what = choisissez un nouveau mot de passe
mail-reset-password-title = Choisissez un nouveau mot de passe
mail-reset-password-lead = Un nouveau mot de passe a été demandé pour votre compte.
mail-reset-password-not-you = Vous n’avez rien demandé ? Ne faites rien : votre mot de passe actuel reste valable.

mail-finish-enrolment-what = terminez la création de votre compte
mail-finish-enrolment-title = Terminez la création de votre compte
mail-finish-enrolment-lead = Un nouveau mot de passe a été demandé pour cette adresse. Le compte commencé avec { $agency } n’est pas encore terminé : il reste à confirmer votre adresse.
mail-finish-enrolment-do = Appuyez sur le bouton, puis connectez-vous avec cette adresse et le mot de passe que vous aviez choisi.
mail-finish-enrolment-button = Terminer mon compte
mail-finish-enrolment-again = Ce mot de passe vous échappe ? Reprenez depuis l’espace client, avec vos anciens identifiants, et choisissez-en un autre :
mail-finish-enrolment-not-you = Vous n’avez rien demandé ? Ne faites rien.

mail-password-changed-what = votre mot de passe a changé
mail-password-changed-title = Votre mot de passe a changé
mail-password-changed-lead = Le mot de passe de votre compte a été changé le { $when }. Par sécurité, vos autres appareils ont été déconnectés.
mail-password-changed-not-you = Ce n’était pas vous ? Choisissez tout de suite un nouveau mot de passe avec « Mot de passe oublié », puis prévenez votre agence.

mail-address-chosen-what = une autre adresse a été choisie
mail-address-chosen-title = Une autre adresse a été choisie
mail-address-chosen-lead = { $agency } nous avait donné cette adresse pour vous. À la création de votre compte, une autre a été choisie : { $masked }
mail-address-chosen-you = C’était vous ? Tout va bien, il n’y a rien à faire.
mail-address-chosen-not-you = Ce n’était pas vous ? Appelez { $agency } sans attendre.

mail-terms-accepted-what = conditions acceptées
mail-terms-accepted-title = Vous avez accepté les nouvelles conditions
