# SPEC J2, J3, J7 : les étapes du passage au compte.
notice-title = Votre accès change
notice-hello-name = Bonjour { $name }, vos anciens identifiants sont exacts.
notice-hello = Bonjour, vos anciens identifiants sont exacts.
notice-change-title = Ce qui change
notice-change = Pour ouvrir votre espace client { $agency }, vous utiliserez désormais votre adresse email et un mot de passe choisi par vous. Ce même compte ouvrira les espaces clients de vos autres agences qui proposent ce service.
notice-why-title = Pourquoi
notice-why = Pour mieux protéger vos données personnelles : vous seul connaîtrez ce mot de passe, et vous pourrez le changer à tout moment.
notice-same-title = Ce qui ne change pas
notice-same = Votre espace client { $agency } reste le même : vos documents, vos comptes et vos demandes y sont toujours.
notice-next-title = Ce qui vous attend
notice-next-1 = Vous indiquez votre adresse email.
notice-next-2 = Vous choisissez un mot de passe.
notice-next-3 = Vous ouvrez le message que nous vous envoyons et vous vous connectez.
notice-next-4 = Vous lisez et acceptez les conditions d'utilisation.
notice-pause = { $days ->
    [one] Comptez cinq minutes. Vous pouvez vous arrêter et reprendre pendant { $days } jour : vos anciens identifiants fonctionnent ici jusqu'à la dernière étape.
   *[other] Comptez cinq minutes. Vous pouvez vous arrêter et reprendre pendant { $days } jours : vos anciens identifiants fonctionnent ici jusqu'à la dernière étape.
  }
notice-leave = Pas maintenant
data-title = Vos données personnelles
data-short = Elles servent à vous identifier et à vous ouvrir votre espace client { $agency }, à rien d'autre. Vous pouvez y accéder, les faire corriger ou effacer.
data-more = Qui, pourquoi, combien de temps, vos droits
data-who-title = Qui en est responsable
data-why-title = À quoi elles servent
data-why = À vérifier que c'est bien vous, à vous ouvrir votre espace client, à protéger votre compte et à garder la preuve de ce que vous avez accepté. Ces traitements sont nécessaires au service que votre agence vous doit et à sa sécurité.
data-what-title = De quelles données il s'agit
data-what = Votre nom, votre adresse email, votre référence de client, ce que votre agence a inscrit d'autre dans son fichier (un numéro de téléphone, par exemple), les dates de vos connexions, les appareils utilisés et les textes que vous avez acceptés. Votre mot de passe n'est connu de personne.
data-source-title = D'où elles viennent
data-source = Votre nom, votre référence de client et, s'il y a lieu, le reste de ce fichier nous ont été transmis par { $agency }. Les espaces clients que vous ouvrez reçoivent votre nom et votre adresse email. Le reste ne revient qu'à l'agence qui l'a transmis.
data-source-email = L'adresse email proposée à l'étape suivante vient aussi de son fichier.
data-keep-title = Combien de temps
data-keep = Un passage inachevé peut être repris pendant { $days ->
    [one] { $days } jour
   *[other] { $days } jours
  }, puis il est effacé { $after ->
    [one] { $after } jour
   *[other] { $after } jours
  } plus tard. Votre compte est gardé tant que vous n'en demandez pas la fermeture : rien ne le supprime de lui-même. Les dates de vos connexions et les appareils utilisés sont effacés au plus { $log ->
    [one] { $log } jour
   *[other] { $log } jours
  } après la fin de leur usage. La preuve de votre acceptation n'a pas de date de fin.
data-rights-title = Vos droits
data-rights = Accès, rectification, effacement, limitation, opposition et portabilité. Écrivez au délégué ci-dessous ou à votre agence : ces demandes ne se font pas encore en ligne. Si la réponse ne vous convient pas, vous pouvez saisir la CNIL (cnil.fr).
data-dpo-title = Délégué à la protection des données
email-title = Votre adresse email
email-heading = Votre adresse email
email-lead = C'est avec elle que vous vous connecterez désormais.
email-proposed = Voici celle que { $agency } connaît. Gardez-la, ou indiquez-en une autre.
email-proposed-any = Voici celle que votre agence connaît. Gardez-la, ou indiquez-en une autre.
email-hint = Par exemple : prenom.nom@exemple.fr. Choisissez une adresse que vous consultez souvent.
email-shared = Une adresse ne peut servir qu'à un seul compte. Si vous partagez la vôtre avec un proche, choisissez chacun une adresse différente.
email-invalid-title = Cette adresse n'est pas complète
email-invalid-field = Adresse email incomplète ou mal écrite
email-invalid-text = Écrivez-la comme dans cet exemple : prenom.nom@exemple.fr
email-too-many-title = Trop d'adresses différentes aujourd'hui
email-too-many-text = Par sécurité, nous n'en acceptons plus pour le moment. Revenez demain avec vos anciens identifiants, ou appelez votre agence.
email-doubt-title = Est-ce bien votre adresse ?
email-doubt-field = Vérifiez cette adresse
email-doubt-typed = Vous avez écrit :
email-doubt-question = Vouliez-vous écrire :
email-doubt-yes = Oui, corriger
email-doubt-no = Si la vôtre est juste, gardez-la ci-dessous et choisissez « Continuer ».
password-title = Votre mot de passe
password-heading = Choisissez un mot de passe
password-lead = Il ouvrira votre compte, avec l'adresse :
password-refused = Ce mot de passe ne convient pas
password-too-short = Il est trop court : il faut { $min } caractères au moins.
password-too-long = Il est trop long : choisissez-en un plus court.
password-too-common = Il est trop courant : il figure dans des listes de mots de passe connus.
password-contains-context = Il contient votre nom, votre adresse ou le nom de votre agence.
password-too-guessable = Il est trop facile à deviner : ajoutez un mot ou deux.
password-control-characters = Il contient un caractère qu'on ne peut pas saisir partout (tabulation, retour à la ligne).
policy-title = Votre mot de passe doit :
policy-length = avoir { $min } caractères au moins
policy-words = ne contenir ni votre nom, ni votre adresse, ni le nom de votre agence
policy-guess = ne pas être courant ni facile à deviner
policy-tip = Un bon moyen : quatre mots sans rapport entre eux, avec des espaces. Ni majuscule ni chiffre n'est obligatoire.
policy-done = c'est bon
policy-all = Toutes les règles sont remplies.
policy-some = Règles remplies : { $met } sur { $total }.
mailbox-title = Regardez vos messages
mailbox-refused-heading = Votre adresse email
mailbox-refused-title = Cette adresse a été refusée par son serveur
mailbox-refused-text = Notre message n'a pas pu y arriver. Vérifiez chaque lettre et corrigez-la, ou indiquez une autre adresse.
mailbox-refused-field = Corrigez cette adresse
mailbox-refused-button = Utiliser cette adresse
mailbox-refused-sure = Rien n'est perdu : votre mot de passe est gardé. Si l'adresse est juste, renvoyez le message ou appelez votre agence.
mailbox-sent = Nous venons d'écrire à l'adresse :
mailbox-sent-before = Un message a déjà été envoyé à l'adresse :
mailbox-resent = Un nouveau message est parti. Utilisez le plus récent.
mailbox-corrected = L'adresse est corrigée et un message est parti vers la nouvelle.
mailbox-correct = Ce n'est pas la bonne adresse ? La corriger
mailbox-do-1 = Ouvrez votre messagerie, sur cet appareil ou sur un autre.
mailbox-do-2 = Ouvrez le message « Mon compte immobilier » et suivez son lien.
mailbox-do-3 = Connectez-vous avec cette adresse et votre nouveau mot de passe.
mailbox-waiting = Vous pouvez laisser cette page ouverte : elle continuera toute seule.
mailbox-code = Saisir le code du message
mailbox-reload = Continuer (cette page se recharge aussi toute seule, toutes les 30 secondes)
mailbox-found = C'est confirmé. Nous continuons…
mailbox-nothing-title = Vous n'avez rien reçu ?
mailbox-nothing-wait = Attendez deux ou trois minutes : certaines messageries prennent leur temps.
mailbox-nothing-later = { $days ->
    [one] Vous pouvez fermer cette page : le lien du message fonctionne pendant { $days } jour.
   *[other] Vous pouvez fermer cette page : le lien du message fonctionne pendant { $days } jours.
  }
mailbox-resend = Renvoyer le message
mailbox-resend-wait = { $count ->
    [one] Vous pourrez le renvoyer dans { $count } seconde.
   *[other] Vous pourrez le renvoyer dans { $count } secondes.
  }
mailbox-resends-left = { $count ->
    [one] Encore { $count } envoi possible aujourd'hui.
   *[other] Encore { $count } envois possibles aujourd'hui.
  }
mailbox-no-more = Nous ne pouvons plus renvoyer de message aujourd'hui. Vérifiez l'adresse, ou recommencez demain avec vos anciens identifiants.
code-title = Le code du message
code-lead = Recopiez les huit chiffres du message envoyé à :
label-code = Code à huit chiffres
code-hint = Par exemple : 1234 5678. Les espaces ne comptent pas.
code-link = Le lien du message fonctionne aussi : si vous le suivez, cette page continuera toute seule.
code-unreadable-title = Ce code n'est pas complet
code-unreadable-text = Saisissez les huit chiffres du message.
code-unreadable-field = Il faut huit chiffres.
code-wrong-title = Ce code n'est pas le bon
code-wrong-text = Recopiez le code du message le plus récent.
code-wrong-field = Ce n'est pas le code du message le plus récent.
code-remaining = { $remaining ->
    [one] Il reste { $remaining } essai.
   *[other] Il reste { $remaining } essais.
  }
code-spent-title = Ce code ne fonctionne plus
code-spent-text = Il a été essayé trop souvent, ou il est trop ancien. Demandez un nouveau message : il contiendra un autre code.
code-spent-link = Le lien du message fonctionne toujours.
junk-orange = Orange : ouvrez le dossier « Indésirables », dans la liste à gauche. Sur un téléphone, touchez d'abord le menu.
junk-free = Free : ouvrez le dossier « Spam » ou « Indésirables », dans la liste à gauche.
junk-sfr = SFR : ouvrez le dossier « Spam » ou « Indésirables », dans la liste à gauche. Sur un téléphone, touchez d'abord le menu.
junk-laposte = La Poste : ouvrez le dossier « Indésirables », dans la liste à gauche. Sur un téléphone, touchez d'abord le menu.
junk-gmail = Gmail : ouvrez « Spam ». S'il n'est pas dans la liste à gauche, touchez d'abord « Plus », ou le menu sur un téléphone. Regardez aussi l'onglet « Promotions ».
junk-outlook = Outlook et Hotmail : ouvrez le dossier « Courrier indésirable », dans la liste à gauche. Regardez aussi l'onglet « Autres ».
junk-yahoo = Yahoo : ouvrez le dossier « Spam », dans la liste à gauche. Sur un téléphone, touchez d'abord « Boîte de réception », en haut.
junk-icloud = iCloud : ouvrez le dossier « Indésirables », sous « Boîtes aux lettres ».
junk-other = Regardez dans le dossier « Indésirables » ou « Spam » de votre messagerie.
junk-then = S'il y est, indiquez que ce n'est pas un message indésirable : les suivants arriveront au bon endroit.
confirm-title = Confirmez votre adresse
confirm-lead = Connectez-vous avec votre nouvelle adresse et le mot de passe que vous venez de choisir pour { $agency }.
confirm-password = Mot de passe
confirm-not-you = Vous n'avez rien demandé ? Fermez cette page : rien ne sera créé.
confirm-locked-title = Trop de mots de passe invalides
confirm-locked-text = Ce lien ne peut plus servir. Retournez à votre espace client et recommencez avec vos anciens identifiants : vous choisirez un autre mot de passe.
link-title = Rattacher une agence
link-heading = Rattacher { $agency } à votre compte
link-lead = Cette adresse a déjà un compte. Vous pouvez y rattacher cette agence, sans rien créer de plus.
link-then = Ensuite, vous ouvrirez { $agency } et vos autres agences avec le même mot de passe. L'ancien identifiant ne servira plus.
link-password = Mot de passe de ce compte
link-no-password = Vous êtes déjà connecté à ce compte sur cet appareil : il ne manque que votre accord.
link-button = Rattacher
link-other = Choisir une autre adresse
terms-title = Conditions Générales d'Utilisation
terms-lead = Prenez le temps de lire ce texte. La case à cocher se trouve à la fin.
terms-new = Ce texte a changé depuis la version { $previous } que vous aviez acceptée. Prenez le temps de le lire. La case à cocher se trouve à la fin.
terms-correct = Corriger mon adresse email
terms-to-end = Aller à la fin du texte
terms-print = Imprimer
terms-fingerprint = Empreinte de ce texte (SHA-256) :
terms-accept = J'ai lu et j'accepte les présentes conditions
terms-early = Faites défiler jusqu'à la fin du texte, puis cochez la case.
terms-not-ticked = La case n'est pas cochée
terms-not-ticked-text = Pour continuer, cochez « J'ai lu et j'accepte les présentes conditions », à la fin du texte.
terms-changed = Le texte a changé pendant votre lecture
terms-changed-text = Voici la nouvelle version. Rien n'a été accepté : relisez-la, puis cochez la case.
terms-receipt = Vous recevrez ce texte par email, avec la date de votre accord.
terms-refuse = Je refuse
refuse-title = Vous n'avez pas accepté les conditions
refuse-enrolling = C'est votre droit. Voici ce que cela veut dire :
refuse-enrolling-1 = Aucun compte n'est créé.
refuse-enrolling-2 = Vos anciens identifiants restent valables ici.
refuse-enrolling-3 = Votre agence reste à votre disposition pour vous transmettre vos documents autrement.
refuse-account = C'est votre droit. Voici ce que cela veut dire :
refuse-account-1 = Votre compte existe toujours, mais il n'ouvre pas votre espace client tant que ces conditions ne sont pas acceptées.
refuse-account-2 = Votre agence reste à votre disposition pour vous transmettre vos documents autrement.
refuse-read-again = Relire les conditions
connected-title = Vous êtes maintenant connecté
connected-lead = Désormais, vous vous connecterez avec :
connected-button = Ouvrir mon espace client { $agency }
connected-old = L'ancien identifiant { $agency } ne sert plus. Vous pouvez l'oublier.
connected-memo = Imprimer mon aide-mémoire : comment me reconnecter
connected-account = Mon compte : mes appareils, mon mot de passe, mon adresse
receipt-title = Votre accord sur les conditions
receipt-mail = Vous le recevez aussi par email, avec le texte complet.
already-title = Votre adresse est confirmée
already-lead = Tout est prêt pour votre espace client { $agency }. Il n'y a rien de plus à faire.
already-button = Me connecter
