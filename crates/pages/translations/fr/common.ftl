# Ce que toutes les pages disent.

product = Mon compte immobilier
product-heading = Mon compte immobilier
client-space = Espace client
skip = Aller au contenu
title-error = Erreur – { $title }
step-of = Étape { $current } sur { $total }
back-step = Étape précédente
back-plain = Retour
back-sign-in = Retour à la connexion
button-continue = Continuer
button-next-step = Étape suivante

footer-contact = Une question ? { $agency } vous répond :
footer-here = Vous êtes sur <strong>{ $host }</strong>. Vérifiez ce nom en haut de votre écran avant de taper votre mot de passe.
footer-help = Aide et contact

contact-title = Joindre { $agency }
contact-phone = Téléphone
contact-email = Email
contact-hours = Horaires
contact-address = Adresse

label-email = Adresse email
label-password = Mot de passe
label-new-password = Nouveau mot de passe
label-identifier = Identifiant
label-old-password = Ancien mot de passe

reveal-show = Afficher
reveal-hide = Masquer
reveal-show-label = Afficher le mot de passe
reveal-hide-label = Masquer le mot de passe

recall-account = Votre compte
recall-agency = Votre agence
recall-version = Version

wait-seconds =
    { $count ->
        [one] { $count } seconde
       *[other] { $count } secondes
    }
wait-minutes =
    { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }

moment =
    { $day ->
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
    } { $year } à { $hour } h { $minute } (heure de Paris)

# Les refus communs à toutes les pages où l’on tape un mot de passe.

refused-wrong = Mot de passe invalide
refused-remaining =
    { $remaining ->
        [one] Il vous reste { $remaining } essai avant que le compte soit bloqué.
       *[other] Il vous reste { $remaining } essais avant que le compte soit bloqué.
    }
refused-check = Vérifiez votre adresse email, puis <a href="{ $field }">retapez votre mot de passe</a>. Attention aux majuscules.
refused-forgot = Vous ne vous en souvenez plus ? Choisissez un nouveau mot de passe.
throttled-title = Trop d’essais à la suite
throttled-text = Trop d’essais viennent de votre connexion internet. Attendez { $wait }, puis réessayez. Votre compte n’est pas bloqué pour autant.
busy-title = Beaucoup de monde en ce moment
busy-text = Rien n’a été vérifié et aucun essai n’a été compté. Attendez une minute, puis réessayez.

locked-title = Votre compte est bloqué
locked-why = Un mot de passe faux a été saisi plusieurs fois de suite. Pour protéger vos données, même le bon mot de passe ne fonctionne plus pour l’instant.
locked-how = Pour le débloquer, choisissez un nouveau mot de passe avec « Mot de passe oublié ».
locked-button = Choisir un nouveau mot de passe
locked-mail = Le titulaire du compte reçoit aussi un message qui permet de le faire.

# Quand on ne peut pas aller plus loin.

problem-reference = Si vous nous appelez, donnez cette référence :
problem-retry = Recommencer
problem-bad-request-title = Cette demande n’a pas pu être lue
problem-bad-request = Ce n’est pas votre faute : l’adresse ou le formulaire reçu est incomplet. Revenez à votre espace client et reprenez depuis le début.
problem-unknown-client-title = Cet espace client n’est pas connu ici
problem-unknown-client = Le site qui vous envoie n’est pas inscrit chez nous. Par prudence, nous n’allons pas plus loin. Prévenez votre agence.
problem-bad-redirect-title = Le chemin du retour n’est pas le bon
problem-bad-redirect = Le site qui vous envoie demande un retour vers une adresse que votre agence n’a pas déclarée. Par prudence, nous n’allons pas plus loin. Prévenez votre agence.
problem-not-found-title = Cette page n’existe pas
problem-not-found = L’adresse a peut-être été recopiée en partie. Reprenez depuis votre espace client.
problem-forbidden-title = Cette page ne vous est pas ouverte
problem-forbidden = Vous n’avez pas accès à cette page avec le compte utilisé. Rien n’a été modifié.
problem-conflict-title = Cette étape est déjà passée
problem-conflict = Elle a déjà été faite, peut-être dans un autre onglet. Rien n’est perdu : reprenez là où vous en étiez.
problem-too-large-title = L’envoi est trop volumineux
problem-too-large = Ce que vous avez envoyé dépasse ce que nous pouvons recevoir. Raccourcissez votre saisie, puis réessayez.
problem-busy-title = Beaucoup de monde en ce moment
problem-busy = Rien n’est perdu et rien n’a été modifié. Attendez une minute, puis recommencez.
problem-unavailable-title = Le service est indisponible pour un instant
problem-unavailable = Un élément dont nous avons besoin ne répond pas. Rien n’est perdu : attendez quelques minutes, puis recommencez.
problem-internal-title = Une erreur est survenue chez nous
problem-internal = Ce n’est pas votre faute, et l’erreur a été enregistrée. Recommencez ; si elle revient, appelez votre agence.
problem-foreign-browser-title = Cette page a été ouverte dans un autre navigateur
problem-foreign-browser = Pour votre sécurité, une connexion commencée dans un navigateur ne peut pas continuer dans un autre. Recommencez ici : cela ne prend qu’un instant.

form-post-title = Retour à votre espace client
form-post-lead = Vous allez y être conduit. Si rien ne se passe, appuyez sur le bouton.
