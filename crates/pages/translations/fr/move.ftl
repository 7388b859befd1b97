# J2, J3, J7, J13 : créer son compte, rattacher une agence, les conditions.

notice-title = Votre accès change
notice-hello-name = Bonjour { $name }, vous êtes bien reconnu. Voici ce qui change, en deux minutes de lecture.
notice-hello = Bonjour, vous êtes bien reconnu. Voici ce qui change, en deux minutes de lecture.
notice-change-title = Ce qui change
notice-change = L’identifiant et le mot de passe remis par { $agency } sont remplacés par un compte personnel : <strong>votre adresse email et un mot de passe que vous choisissez</strong>. Le même compte servira pour toutes vos agences.
notice-why-title = Pourquoi
notice-why = Pour mieux protéger vos données. Un mot de passe que vous êtes seul à connaître, rattaché à une adresse que vous avez confirmée, est bien plus sûr qu’un identifiant envoyé par courrier.
notice-same-title = Ce qui ne change pas
notice-same = L’espace client de { $agency } reste le même : mêmes documents, mêmes services, même adresse.
notice-next-title = Ce que nous allons faire ensemble
notice-next-1 = Choisir votre adresse email.
notice-next-2 = Choisir un mot de passe.
notice-next-3 = Ouvrir le message que vous recevrez, et vous connecter.
notice-next-4 = Lire et accepter les conditions d’utilisation.
notice-pause =
    { $days ->
        [one] Vous pouvez vous arrêter à tout moment et reprendre plus tard, dans la journée. Vos anciens identifiants fonctionnent ici jusqu’à la dernière étape.
       *[other] Vous pouvez vous arrêter à tout moment et reprendre plus tard, dans les { $days } jours. Vos anciens identifiants fonctionnent ici jusqu’à la dernière étape.
    }
notice-leave = Pas maintenant

data-title = Vos données
data-short = Elles viennent de { $agency } et de vous. Elles ne servent qu’à vous identifier ; elles ne sont ni vendues, ni utilisées pour de la publicité.
data-more = En savoir plus sur vos données
data-who-title = Responsable
data-why-title = But
data-why = Vous identifier pour ouvrir l’espace client, protéger votre compte, garder la preuve des conditions acceptées.
data-what-title = Données
data-what = Votre nom, votre adresse email, votre référence de client, vos connexions. Votre mot de passe n’est jamais lisible, même par nous.
data-source-title = Origine
data-source = Votre nom et votre référence de client viennent des dossiers de { $agency }.
data-source-email = L’adresse email proposée à l’étape suivante aussi.
data-keep-title = Durée
data-keep =
    { $days ->
        [one] Un compte non terminé est oublié après { $days } jour. Un compte sans visite est supprimé après { $months } mois, et vous êtes prévenu avant.
       *[other] Un compte non terminé est oublié après { $days } jours. Un compte sans visite est supprimé après { $months } mois, et vous êtes prévenu avant.
    }
data-rights-title = Vos droits
data-rights = Vous pouvez consulter, corriger, emporter ou faire effacer vos données, et vous opposer à leur usage : écrivez au responsable. Vous pouvez aussi saisir la CNIL (cnil.fr).
data-dpo-title = Délégué à la protection des données

email-title = Votre adresse email
email-heading = Votre adresse email
email-lead = Elle remplacera votre ancien identifiant. Choisissez une adresse que vous consultez et que vous êtes seul à lire.
email-proposed = C’est celle que { $agency } connaît. Gardez-la ou tapez-en une autre.
email-proposed-any = C’est celle que votre agence connaît. Gardez-la ou tapez-en une autre.
email-hint = Par exemple : prenom.nom@exemple.fr
email-shared = Vous partagez une adresse en couple ou en famille ? Chaque personne a besoin de la sienne : un compte, une adresse.
email-invalid-title = Cette adresse email n’est pas complète
email-invalid-text = Corrigez l’adresse : il faut un nom, le signe @, puis un domaine, comme dans prenom.nom@exemple.fr
email-invalid-field = Adresse incomplète
email-too-many-title = Trop d’adresses différentes aujourd’hui
email-too-many-text = Par sécurité, nous ne prenons plus de nouvelle adresse avant demain. Vous pouvez reprendre avec une adresse déjà indiquée, ou appeler votre agence.
email-doubt-title = Vérifiez votre adresse
email-doubt-typed = Vous avez tapé :
email-doubt-question = Vouliez-vous dire :
email-doubt-yes = Oui, utiliser cette adresse
email-doubt-no = Si votre adresse est juste telle que vous l’avez tapée, appuyez de nouveau sur « Continuer ».
email-doubt-field = À vérifier

password-title = Votre mot de passe
password-heading = Votre mot de passe
password-lead = Choisissez-le pour ce compte :
password-refused = Ce mot de passe ne convient pas
password-too-short =
    { $min ->
        [one] Il faut au moins { $min } caractère.
       *[other] Il faut au moins { $min } caractères.
    }
password-too-long = Il est trop long pour être enregistré. Raccourcissez-le.
password-too-common = Il fait partie des mots de passe les plus utilisés, que l’on essaie en premier. Choisissez-en un autre.
password-contains-context = Il contient votre nom, votre adresse ou celui de l’agence. Choisissez d’autres mots.
password-too-guessable = Il est trop facile à deviner. Ajoutez un ou deux mots sans rapport.
password-control-characters = Il contient un caractère invisible, impossible à retaper partout. Tapez-le à nouveau.
policy-title = Il doit :
policy-length =
    { $min ->
        [one] compter au moins { $min } caractère
       *[other] compter au moins { $min } caractères
    }
policy-words = ne contenir ni votre nom, ni votre adresse, ni celui de l’agence
policy-guess = être difficile à deviner
policy-tip = Une idée : quatre mots sans rapport entre eux, faciles à retenir pour vous. Ni majuscule ni chiffre ne sont exigés.
policy-done = fait
policy-missing = pas encore

mailbox-title = Regardez vos emails
mailbox-sent = Un message vient de partir à cette adresse :
mailbox-correct = Ce n’est pas la bonne adresse ? Corrigez-la.
mailbox-do-1 = Ouvrez ce message, sur cet appareil ou sur un autre.
mailbox-do-2 = Appuyez sur le bouton qu’il contient.
mailbox-do-3 = Connectez-vous avec votre adresse et votre nouveau mot de passe.
mailbox-waiting = Cette page avance toute seule dès que c’est fait. Vous pouvez aussi la fermer.
mailbox-found = C’est fait. Nous continuons…
mailbox-nothing-title = Vous n’avez rien reçu ?
mailbox-nothing-spam = Regardez aussi dans les « indésirables » ou « spams ».
mailbox-nothing-wait = Attendez quelques minutes : certaines messageries sont lentes.
mailbox-nothing-later =
    { $days ->
        [one] Le lien reste valable { $days } jour. Passé ce délai, reprenez depuis votre espace client avec vos anciens identifiants.
       *[other] Le lien reste valable { $days } jours. Passé ce délai, reprenez depuis votre espace client avec vos anciens identifiants.
    }
mailbox-resend = Renvoyer le message
mailbox-resend-wait =
    { $count ->
        [one] Vous pourrez le renvoyer dans { $count } seconde.
       *[other] Vous pourrez le renvoyer dans { $count } secondes.
    }
mailbox-resends-left =
    { $count ->
        [one] Encore { $count } envoi possible aujourd’hui.
       *[other] Encore { $count } envois possibles aujourd’hui.
    }
mailbox-no-more = Le message a été renvoyé plusieurs fois aujourd’hui. Vérifiez l’adresse, ou réessayez demain.
mailbox-resent = Un nouveau message vient de partir. Seul le plus récent fonctionne.
mailbox-corrected = Votre adresse est corrigée, et un message vient de partir vers la nouvelle.

confirm-title = Confirmez votre adresse
confirm-lead = Connectez-vous avec votre adresse email et le mot de passe que vous venez de choisir. Vous continuerez ensuite vers { $agency }.
confirm-password = Mot de passe
confirm-not-you = Vous n’avez rien demandé ? Fermez cette page : sans le mot de passe, rien ne se passe.
confirm-locked-title = Trop d’essais sans succès
confirm-locked-text = Par sécurité, ce lien ne fonctionne plus. Reprenez depuis votre espace client avec vos anciens identifiants : ils fonctionnent toujours.

already-title = Votre adresse est déjà confirmée
already-lead = Tout va bien : votre compte est prêt. Vous pouvez continuer vers { $agency }.
already-button = Continuer

link-title = Rattacher une agence
link-heading = Rattacher { $agency } à votre compte
link-lead = Bonne nouvelle : vous avez déjà un compte avec cette adresse. Il servira aussi pour cette agence.
link-then = Vous garderez un seul mot de passe. L’ancien identifiant de { $agency } ne pourra plus être utilisé.
link-password = Mot de passe
link-no-password = Vous venez de vous connecter : il n’est pas nécessaire de retaper votre mot de passe.
link-button = Rattacher
link-other = Utiliser une autre adresse

terms-title = Conditions d’utilisation
terms-lead = C’est la dernière étape. Lisez ce texte jusqu’à la fin, puis cochez la case pour l’accepter.
terms-new = Les conditions ont changé depuis la version { $previous }, que vous aviez acceptée. Lisez le nouveau texte jusqu’à la fin, puis cochez la case pour l’accepter.
terms-correct = Ce n’est pas la bonne adresse ? Corrigez-la.
terms-to-end = Aller à la fin du texte
terms-print = Imprimer
terms-fingerprint = Empreinte du texte (SHA-256) :
terms-accept = J'ai lu et j'accepte les présentes conditions
terms-early = Faites défiler le texte jusqu’à la fin pour pouvoir cocher cette case.
terms-not-ticked = Cochez la case pour continuer
terms-not-ticked-text = Après avoir lu le texte, cochez « J'ai lu et j'accepte les présentes conditions »
terms-changed = Le texte vient de changer
terms-changed-text = Une nouvelle version est parue pendant votre lecture. La voici : lisez-la avant de l’accepter. Rien n’a été enregistré.
terms-receipt = Vous recevrez par email une copie de ce texte et la preuve de votre accord.
terms-refuse = Je n’accepte pas

refuse-title = Vous n’acceptez pas les conditions
refuse-enrolling = C’est votre droit. Voici ce que cela veut dire :
refuse-enrolling-1 = Aucun compte n’est créé et rien n’est enregistré à votre nom.
refuse-enrolling-2 = Vos anciens identifiants restent valables.
refuse-enrolling-3 = Votre agence peut vous proposer un autre moyen d’accéder à vos documents.
refuse-account = C’est votre droit. Voici ce que cela veut dire :
refuse-account-1 = Votre compte reste intact, mais il ne peut pas ouvrir l’espace client sans les nouvelles conditions.
refuse-account-2 = Vous pouvez y revenir quand vous voulez, ou demander à votre agence un autre moyen d’accès.
refuse-read-again = Relire les conditions

connected-title = Vous êtes maintenant connecté
connected-lead = Désormais, connectez-vous toujours avec :
connected-button = Aller chez { $agency }
connected-old = L’ancien identifiant de { $agency } ne peut plus être utilisé. Vous pouvez l’oublier.
receipt-title = Votre accord
receipt-when = Donné le
receipt-fingerprint = Empreinte du texte (SHA-256)
receipt-mail = Une copie du texte part à votre adresse email, avec cette preuve.

not-linked-title = Agence non rattachée
not-linked-heading = { $agency } n’est pas encore rattachée à votre compte
not-linked-lead = Vous êtes connecté avec :
not-linked-text = Votre compte fonctionne, mais { $agency } ne sait pas encore qu’il est le vôtre.
not-linked-attach-title = Rattacher cette agence
not-linked-attach = Utilisez une dernière fois l’identifiant et le mot de passe remis par { $agency }.
not-linked-attach-button = Rattacher cette agence
not-linked-continue = Continuer sans rattacher
not-linked-switch-title = Ce n’est pas votre compte ?
not-linked-switch = Me connecter avec un autre compte
