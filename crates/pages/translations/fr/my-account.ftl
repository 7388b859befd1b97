# J11 : mon compte, ses pages une par une.
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
