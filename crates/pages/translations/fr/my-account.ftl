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
