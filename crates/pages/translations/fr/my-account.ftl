# SPEC J11 : mon compte, ses pages une par une.
account-back = Mon compte
hub-title = Mon compte
hub-agencies = Mes agences
hub-sessions = Mes appareils
hub-sessions-more = Où votre compte est ouvert, et comment le fermer à distance
sessions-title = Mes appareils
sessions-lead = Voici les appareils sur lesquels votre compte est ouvert en ce moment.
sessions-here = Cet appareil
sessions-others = Vos autres appareils
sessions-none = Votre compte n'est ouvert sur aucun autre appareil.
sessions-ended = C'est fait : cet appareil est déconnecté, ainsi que ses espaces clients.
sessions-ended-all = C'est fait : tous vos autres appareils sont déconnectés.
sessions-end = Déconnecter
sessions-end-all = Déconnecter tous mes autres appareils
sessions-doubt-title = Vous ne reconnaissez pas un appareil ?
sessions-doubt = Un ancien téléphone, l'ordinateur d'un proche ? En cas de doute, déconnectez-le : vous ne risquez rien.
sessions-since = Connecté depuis le { $date }
sessions-used = Utilisé { $ago }
sessions-kept = Reste connecté après la fermeture du navigateur
device-on = { $browser } sur { $system }
device-unknown = Navigateur inconnu
ago-now = à l'instant
ago-minutes = { $count ->
    [one] il y a { $count } minute
   *[other] il y a { $count } minutes
  }
ago-hours = { $count ->
    [one] il y a { $count } heure
   *[other] il y a { $count } heures
  }
ago-days = { $count ->
    [one] il y a { $count } jour
   *[other] il y a { $count } jours
  }
hub-agencies-more = Vos références de client, et le moyen d'en rattacher une autre
agencies-title = Mes agences
agencies-lead = Voici les agences dont votre compte ouvre l'espace client.
agencies-refs = { $count ->
    [one] Votre référence
   *[other] Vos références
  }
agencies-since = Rattachée depuis le
agencies-open = Ouvrir mon espace client
agencies-another-title = Vous avez une autre agence ?
agencies-another = Munissez-vous de l'identifiant et du mot de passe qu'elle vous a remis.
hub-acceptances = Mes accords
hub-acceptances-more = Les conditions que vous avez acceptées, avec leurs reçus
acceptances-title = Mes accords
acceptances-lead = Voici les conditions d'utilisation que vous avez acceptées. Ouvrez un reçu pour le relire ou l'imprimer.
acceptances-none = Vous n'avez rien eu à accepter.
acceptances-version = Conditions, version { $version }
acceptances-row = Acceptées le { $date }
acceptances-row-agency = Acceptées le { $date }, avec { $agency }
account-receipt-title = Reçu de votre accord
account-receipt-lead = Vous avez accepté ce texte avec votre compte.
account-receipt-back = Mes accords
account-receipt-language = Langue du texte
account-receipt-how = Manière
account-receipt-read = Fin du texte affichée, puis case cochée
account-receipt-ticked = Case cochée
account-receipt-text = Le texte que vous avez accepté
account-receipt-gone-title = Le texte n'est plus ici
account-receipt-gone = Cette version a été retirée de notre site. Vous l'avez reçue par email, jointe au message du jour de votre accord. Son empreinte, ci-dessus, permet de vérifier qu'un texte est bien celui-là.
account-receipt-check = L'empreinte prouve quel texte vous avez accepté : si une seule lettre changeait, elle serait tout autre.
language-fr = Français
language-en = Anglais
hub-password = Mon mot de passe
hub-password-more = En choisir un nouveau
hub-saved-password = Votre nouveau mot de passe est enregistré. Tous vos autres appareils sont déconnectés.
account-password-title = Mon mot de passe
account-password-lead = Pour en changer, saisissez d'abord celui que vous utilisez aujourd'hui.
account-password-current = Mot de passe actuel
again-wrong = Mot de passe actuel invalide
again-check = <a href="{ $field }">Saisissez-le de nouveau</a>. Attention aux majuscules.
hub-name = Mon nom
hub-name-more = Comment nous vous appelons
hub-language = Ma langue
hub-language-more = Celle des pages et des messages
hub-saved-name = Votre nom est enregistré.
hub-saved-language = Votre langue est enregistrée.
account-name-title = Mon nom
account-name-lead = Comment souhaitez-vous être appelé ? Vos espaces clients l'affichent aussi.
account-name-label = Prénom et nom
account-name-wrong = Ce nom ne convient pas
account-name-wrong-text = Écrivez un nom de 100 caractères au plus.
account-save = Enregistrer
account-language-title = Ma langue
account-language-lead = Dans quelle langue souhaitez-vous lire ces pages, et recevoir nos messages ?
hub-email = Mon adresse email
hub-email-more = Celle avec laquelle vous vous connectez
hub-saved-email = Votre nouvelle adresse est enregistrée. Vous vous connecterez désormais avec elle.
hub-saved-taken-back = Votre compte est de nouveau à vous : votre adresse et votre nouveau mot de passe sont enregistrés.
account-email-title = Mon adresse email
account-email-lead = Vous vous connectez aujourd'hui avec :
account-email-how = Pour en changer, indiquez la nouvelle. Nous lui enverrons un message à confirmer ; d'ici là, rien ne change.
account-email-label = Nouvelle adresse email
account-email-password = Votre mot de passe actuel
account-email-same = C'est déjà votre adresse
account-email-same-text = Indiquez-en une autre, ou revenez à votre compte.
account-email-doubt-text = Si vous vouliez écrire { $meant }, <a href="{ $field }">corrigez l'adresse</a>. Si la vôtre est juste, gardez-la et saisissez votre mot de passe.
account-email-too-many-text = Par sécurité, nous n'en acceptons plus pour le moment. Revenez demain.
account-email-lost = Vous n'avez plus accès à votre ancienne adresse ? Ce n'est pas un obstacle : seule la nouvelle doit être confirmée.
email-asked-title = Confirmez votre nouvelle adresse
email-asked-lead = Nous venons d'écrire à :
email-asked-do = Ouvrez ce message et suivez son lien. Votre compte garde son adresse actuelle jusque-là : { $email }
email-asked-hours = { $hours ->
    [one] Le lien fonctionne pendant { $hours } heure.
   *[other] Le lien fonctionne pendant { $hours } heures.
  }
email-asked-nothing = Rien n'arrive ? Regardez dans le dossier « Indésirables » ou « Spam ». Si l'adresse est fausse, annulez et recommencez.
email-refused-title = La nouvelle adresse a été refusée par son serveur
email-refused-text = Notre message n'a pas pu y arriver. Elle est peut-être mal écrite.
email-refused-kept = Rien n'a changé. Votre compte garde son adresse actuelle :
email-refused-button = Corriger l'adresse
email-asked-cancel = Annuler ce changement
new-address-title = Confirmer ma nouvelle adresse
new-address-lead = Votre compte s'ouvrira désormais avec l'adresse :
new-address-password = Pour prouver que ce compte est bien le vôtre, saisissez son mot de passe.
new-address-then = Vous resterez connecté ici. Tous vos autres appareils seront déconnectés.
new-address-button = Confirmer cette adresse
new-address-not-you = Vous n'avez rien demandé ? Fermez cette page : rien ne changera.
new-address-done-title = Cette adresse est confirmée
new-address-done = Tout est prêt. Vous vous connectez maintenant avec :
new-address-done-button = Aller à mon compte
take-back-title = Ce n'était pas moi
take-back-lead-asked = Quelqu'un a demandé à remplacer l'adresse de votre compte. Vous pouvez l'arrêter.
take-back-lead-changed = L'adresse de votre compte a été remplacée. Vous pouvez reprendre votre compte.
take-back-how = Cette personne connaissait votre mot de passe. Choisissez-en un nouveau : vous serez seul à l'avoir, et elle sera déconnectée partout.
take-back-keeps = Votre compte gardera l'adresse :
take-back-button = Reprendre mon compte
take-back-else = C'est bien vous qui changez d'adresse ? Fermez cette page : il n'y a rien à faire.
dead-address = Ce lien a déjà servi, il a expiré, ou le changement a été annulé. Votre compte garde l'adresse qu'il a.
dead-address-how = Pour changer d'adresse, connectez-vous et choisissez « Mon adresse email ».
dead-taken = Cette adresse sert déjà à un autre compte : elle ne peut pas servir à deux. Votre compte garde l'adresse qu'il a.
dead-taken-how = Connectez-vous avec cette adresse si ce compte est aussi le vôtre, ou choisissez-en une autre.
dead-take-back = Ce lien a déjà servi, il a expiré, ou le changement a été annulé.
dead-take-back-how = Si votre compte vous échappe, appelez votre agence sans attendre.
dead-invitation = Ce lien a déjà servi, il a expiré, un message plus récent l'a remplacé, ou vous avez déjà un compte.
dead-invitation-how = Si vous avez déjà choisi un mot de passe, connectez-vous. Sinon, demandez une nouvelle invitation au responsable de votre agence.
dead-home = Aller à mon compte
hub-memo = Mon aide-mémoire
hub-memo-more = Comment vous reconnecter, à imprimer
memo-title = Mon aide-mémoire
memo-lead = Tout ce qu'il faut pour vous reconnecter, sauf votre mot de passe. Imprimez cette page, ou recopiez-la, et gardez-la où vous voulez.
memo-email = Votre adresse email
memo-password = Celui que vous avez choisi. Il n'est écrit nulle part.
memo-host = La page de connexion
memo-steps-title = Pour vous connecter
memo-step-open = Ouvrez votre espace client : { $site }, puis choisissez de vous connecter.
memo-step-open-any = Ouvrez l'espace client de votre agence, puis choisissez de vous connecter.
memo-step-host = Ouvrez la page { $host }
memo-step-check = Vérifiez que la page qui demande votre mot de passe est bien sur { $host }
memo-step-type = Saisissez l'adresse { $email } et votre mot de passe, puis choisissez « Connexion ».
memo-trouble-title = En cas de difficulté
memo-forgot = Mot de passe oublié : choisissez « Mot de passe oublié ? » sur la page de connexion. Un message vous apporte un lien, valable { $minutes } minutes.
memo-locked = Compte bloqué : après { $failures } mots de passe invalides, même le bon n'est plus accepté. « Mot de passe oublié ? » le débloque.
memo-old = Pour ces espaces clients, les anciens identifiants ne servent plus.
memo-notes = Notes
memo-never = N'écrivez jamais votre mot de passe ici. Personne ne vous le demandera, ni au téléphone, ni par message.
