# J1, J4, J5, J6, J10 : se connecter, mot de passe oublié, se déconnecter.

sign-in-title = Connexion
sign-in-lead = Connectez-vous pour accéder à l’espace client de { $agency }.
sign-in-forgot = Mot de passe oublié ?
sign-in-keep = Garder ma session active
sign-in-keep-hint =
    { $days ->
        [one] Sur cet appareil, pendant { $days } jour au plus. À éviter sur un ordinateur partagé.
       *[other] Sur cet appareil, pendant { $days } jours au plus. À éviter sur un ordinateur partagé.
    }
sign-in-button = Connexion
sign-in-help = Besoin d'aide pour se connecter ?

notice-signed-out = Vous êtes déconnecté.
notice-account-ready = Votre compte est prêt. Connectez-vous avec votre adresse email et votre nouveau mot de passe.
notice-password-changed = Votre nouveau mot de passe est enregistré. Vous pouvez vous connecter.
notice-ticket-invalid = Le passage depuis votre espace client n’a pas abouti. Connectez-vous ici ou, si vous n’avez pas encore de compte, utilisez vos anciens identifiants.
notice-started-again = La page était ouverte depuis longtemps : nous l’avons relancée. Rien n’est perdu.
notice-confirm-again = Pour votre sécurité, votre espace client demande de confirmer votre mot de passe.

door-title = Vous avez encore vos anciens identifiants ?
door-text = Si { $agency } vous avait remis un identifiant et un mot de passe, utilisez-les une dernière fois pour créer votre compte.
door-text-any = Si votre agence vous avait remis un identifiant et un mot de passe, utilisez-les une dernière fois pour créer votre compte.
door-button = Utiliser mes anciens identifiants

legacy-title = Anciens identifiants
legacy-heading = Vos anciens identifiants
legacy-lead = Tapez l’identifiant et le mot de passe que { $agency } vous avait remis. Ils servent une dernière fois, pour vérifier que c’est bien vous.
legacy-lead-any = Tapez l’identifiant et le mot de passe que votre agence vous avait remis. Ils servent une dernière fois, pour vérifier que c’est bien vous.
legacy-identifier-hint = Il figure sur les courriers de votre agence. Ce n’est en général pas une adresse email.
legacy-wrong-title = Identifiant ou mot de passe invalide
legacy-wrong-remaining =
    { $remaining ->
        [one] Il vous reste { $remaining } essai avant que cet identifiant soit bloqué pour un moment.
       *[other] Il vous reste { $remaining } essais avant que cet identifiant soit bloqué pour un moment.
    }
legacy-wrong-check = Vérifiez <a href="#identifier">votre identifiant</a>, puis <a href="#password">retapez votre mot de passe</a>.
legacy-wrong-moved = Si vous avez déjà créé votre compte, cet identifiant ne peut plus être utilisé : <a href="{ $href }">connectez-vous avec votre adresse email</a>.
legacy-locked-title = Cet identifiant est bloqué pour un moment
legacy-locked-text =
    { $minutes ->
        [one] Le mot de passe a été saisi trop de fois sans succès. Vous pourrez réessayer dans { $minutes } minute.
       *[other] Le mot de passe a été saisi trop de fois sans succès. Vous pourrez réessayer dans { $minutes } minutes.
    }
legacy-locked-else = Si vous êtes pressé, appelez votre agence : elle peut vous aider.
legacy-unavailable-title = Le service de votre agence ne répond pas
legacy-unavailable-text = Votre mot de passe n’est pas en cause et aucun essai n’a été compté. Réessayez dans quelques minutes.
legacy-lost-title = J’ai perdu mon identifiant ou mon mot de passe
legacy-lost-text = Votre agence peut vous les redonner après avoir vérifié votre identité. Personne ne vous demandera votre mot de passe par téléphone ou par email.
legacy-lost-phone = { $agency } :

moved-title = Cet identifiant ne peut plus être utilisé
moved-text = Vous l’avez déjà échangé contre votre compte. Connectez-vous avec l’adresse email que vous aviez choisie à ce moment-là.
moved-hint = Votre adresse ressemble à ceci : <strong class="address">{ $hint }</strong>
moved-button = Me connecter avec mon adresse email
moved-else = Vous avez un autre identifiant ?

forgot-title = Mot de passe oublié
forgot-lead = Indiquez l’adresse email de votre compte. Vous y recevrez un lien pour choisir un nouveau mot de passe.
forgot-button = Recevoir le lien
forgot-legacy = Vous n’avez pas encore de compte ?
forgot-sent-title = Regardez vos emails
forgot-sent-lead = Si un compte existe à cette adresse, un message vient de partir :
forgot-sent-minutes =
    { $minutes ->
        [one] Le lien fonctionne pendant { $minutes } minute, une seule fois.
       *[other] Le lien fonctionne pendant { $minutes } minutes, une seule fois.
    }
forgot-sent-newest = Si vous en demandez plusieurs, seul le lien du dernier message fonctionne.
forgot-sent-other = Rien reçu ? Vous avez peut-être choisi une autre adresse pour votre compte.
forgot-sent-again = Essayer une autre adresse

reset-title = Choisir un nouveau mot de passe
reset-lead = Ce mot de passe sera celui du compte :
reset-button = Enregistrer
reset-others = Par sécurité, vous serez déconnecté de vos autres appareils.

dead-title = Ce lien ne fonctionne plus
dead-reset = Il a expiré, il a déjà servi, ou un message plus récent l’a remplacé. Votre compte n’a pas changé.
dead-reset-how = Demandez simplement un nouveau lien : il arrive en quelques instants.
dead-reset-button = Recevoir un nouveau lien
dead-confirm = Il a expiré, ou un message plus récent l’a remplacé. Rien n’est perdu.
dead-confirm-1 = Si vous avez reçu plusieurs messages, ouvrez le lien du dernier.
dead-confirm-2 = Sinon, reprenez avec vos anciens identifiants : ils fonctionnent toujours ici.
dead-confirm-button = Reprendre

sign-out-title = Se déconnecter
sign-out-heading = Voulez-vous vous déconnecter ?
sign-out-asked = { $client } demande à vous déconnecter.
sign-out-lead = Vous quittez Mon compte immobilier sur cet appareil.
sign-out-all = Vous serez déconnecté de tous les espaces clients ouverts dans ce navigateur.
sign-out-yes = Me déconnecter
sign-out-no = Rester connecté
signed-out-title = Vous êtes déconnecté
signed-out-lead = À bientôt.
signed-out-shared = Si cet ordinateur est partagé, fermez aussi la fenêtre du navigateur.
signed-out-back = Retourner chez { $agency }
signed-out-back-any = Retourner à l’espace client
signed-out-again = Me connecter à nouveau

home-title = Mes agences
home-hello = Bonjour { $name }
home-hello-any = Bonjour
home-signed-in = Vous êtes connecté avec
home-agencies = Mes agences
home-none = Aucune agence n’est encore rattachée à votre compte.
home-attach = Rattacher une agence
home-attach-more = Rattacher une autre agence
home-sign-out = Me déconnecter

choose-title = Choisissez votre agence
choose-move = Quelle agence vous a remis votre identifiant et votre mot de passe ?
choose-attach = Quelle agence voulez-vous rattacher à votre compte ?
choose-none = Il n’y a pas d’agence à choisir pour le moment.
