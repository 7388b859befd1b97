# Ce qui entoure chaque page, et ce que plusieurs pages disent.
product = Mon compte immobilier
product-heading = Mon compte immobilier
client-space = Espace client
skip = Aller au contenu
title-error = Erreur – { $title }
footer-contact = { $agency }, à votre écoute
footer-here = Vous êtes sur <strong>{ $host }</strong>. Vérifiez cette adresse avant de saisir votre mot de passe.
footer-help = Aide
back-sign-in = Retour à la connexion
back-step = Étape précédente
back-plain = Retour
button-continue = Continuer
button-next-step = Étape suivante
step-of = Étape { $current } sur { $total }
label-email = Adresse email
label-password = Mot de passe
label-new-password = Votre nouveau mot de passe
label-identifier = Identifiant
label-old-password = Ancien mot de passe
label-activation-code = Code d'activation
reveal-show = Afficher
reveal-hide = Masquer
reveal-show-label = Afficher le mot de passe
reveal-hide-label = Masquer le mot de passe
recall-account = Votre compte
recall-agency = Agence
recall-version = Version
receipt-when = Date
receipt-terms = Texte accepté
receipt-fingerprint = Empreinte du texte (SHA-256)
contact-title = Pour joindre { $agency } :
contact-phone = Téléphone
contact-email = Email
contact-hours = Horaires
contact-address = Adresse
date = { $day ->
    [1] 1er
   *[other] { $day }
  } { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
  } { $year }
moment = { date } à { $hour } h { $minute } (heure de Paris)
clock = { date } à { $hour } h { $minute }
wait-seconds = { $count ->
    [one] { $count } seconde
   *[other] { $count } secondes
  }
wait-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
  }
rehearsal = Répétition : l'espace client { $agency } n'est pas encore ouvert. Ce que vous faites ici est un essai.
