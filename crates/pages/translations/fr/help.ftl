# J9 : l’aide.

help-title = Aide pour se connecter
help-move-title = Passer à Mon compte immobilier
help-move-lead = L’identifiant et le mot de passe de { $agency } sont remplacés par votre adresse email et un mot de passe à vous. Six étapes, une seule fois.
help-move-lead-any = L’identifiant et le mot de passe de votre agence sont remplacés par votre adresse email et un mot de passe à vous. Six étapes, une seule fois.
help-step-1-title = Vos anciens identifiants
help-step-1 = Tapez-les une dernière fois. Nous vous expliquons ce qui change.
help-step-2-title = Votre adresse email
help-step-2 = Gardez celle que votre agence connaît, ou tapez-en une autre.
help-step-3-title = Votre mot de passe
help-step-3 = Choisissez-le long. Quatre mots sans rapport suffisent.
help-step-4-title = Le message
help-step-4 = Ouvrez votre messagerie et appuyez sur le bouton du message.
help-step-5-title = La connexion
help-step-5 = Tapez votre adresse email et votre nouveau mot de passe, sur l’appareil de votre choix.
help-step-6-title = Les conditions
help-step-6 = Lisez-les jusqu’à la fin, acceptez-les : vous êtes connecté.
help-mail-title = Le message n’arrive pas
help-mail-1 = Regardez dans les « indésirables » ou « spams » de votre messagerie.
help-mail-2 = Vérifiez l’adresse affichée à l’étape 4 et corrigez-la si besoin.
help-mail-3 = Appuyez sur « Renvoyer le message ». Seul le dernier message fonctionne.
help-mail-4 =
    { $days ->
        [one] Après { $days } jour, le lien n’est plus valable : reprenez depuis votre espace client, avec vos anciens identifiants.
       *[other] Après { $days } jours, le lien n’est plus valable : reprenez depuis votre espace client, avec vos anciens identifiants.
    }
help-locked-title = Mon compte est bloqué
help-locked-why = Après { $failures } mots de passe faux à la suite, le compte se bloque pour que personne ne puisse deviner le vôtre.
help-locked-how = Choisissez un nouveau mot de passe : cela débloque le compte aussitôt. Le lien que vous recevrez fonctionne pendant { $minutes } minutes.
help-old-title = Mon ancien identifiant est refusé
help-old-moved = Si vous avez déjà créé votre compte, l’ancien identifiant ne peut plus être utilisé. Connectez-vous avec l’adresse email choisie ce jour-là.
help-old-wrong = Sinon, recopiez-le exactement depuis le courrier de votre agence, sans espace. Si rien n’y fait, appelez-la.
help-safe-title = Se méfier des faux messages
help-safe = Avant de taper votre mot de passe, vérifiez que l’adresse en haut de l’écran est bien <strong>{ $host }</strong>. Ni nous ni votre agence ne vous le demanderons jamais par téléphone ou par email.
help-website = Le site de { $agency }
