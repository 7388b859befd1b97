# Les messages. Aucun balisage ici : ces textes servent aussi à la partie en texte simple.
mail-link-visible = Si le bouton ne fonctionne pas, recopiez cette adresse dans votre navigateur :
mail-text-button = { $label } :
mail-fact = { $label } : { $value }
mail-never = Ni votre agence ni nous ne vous demanderons jamais votre mot de passe, au téléphone ou par message.
mail-automatic = Message automatique de Mon compte immobilier, { $issuer }
mail-minutes = { $minutes ->
    [one] Ce lien fonctionne pendant { $minutes } minute, une seule fois.
   *[other] Ce lien fonctionne pendant { $minutes } minutes, une seule fois.
  }
mail-not-you = Si ce n'est pas vous, prévenez votre agence.
mail-open-space = Ouvrir mon espace client
mail-confirm-subject = { $agency } : confirmez votre adresse email
mail-confirm-heading = Confirmez votre adresse
mail-confirm-1 = Vous créez votre compte pour l'espace client { $agency }. Il reste deux étapes : confirmer votre adresse et lire les conditions d'utilisation.
mail-confirm-2 = Suivez ce lien, puis connectez-vous avec l'adresse { $email } et le mot de passe que vous venez de choisir.
mail-confirm-button = Confirmer mon adresse
mail-code = Ou saisissez ce code sur la page où vous avez choisi votre mot de passe :
mail-code-never = Ne donnez ce code à personne, pas même à votre agence.
mail-code-days = { $days ->
    [one] Il fonctionne pendant { $days } jour.
   *[other] Il fonctionne pendant { $days } jours.
  }
mail-confirm-days = { $days ->
    [one] Ce lien fonctionne pendant { $days } jour, sur l'appareil de votre choix.
   *[other] Ce lien fonctionne pendant { $days } jours, sur l'appareil de votre choix.
  }
mail-confirm-not-you = Si vous n'avez rien demandé, ne faites rien : aucun compte ne sera créé.
mail-welcome-subject = { $agency } : votre compte est prêt
mail-welcome-heading = Votre compte est prêt
mail-welcome-1 = Vous ouvrez maintenant votre espace client { $agency } avec votre adresse email et votre nouveau mot de passe. L'ancien identifiant ne sert plus.
mail-welcome-2 = Conservez ce message : il est la preuve de ce que vous avez accepté.
mail-receipt = Vous avez accepté les conditions suivantes :
mail-receipt-attached = Le texte complet est joint à ce message.
mail-terms-subject = { $agency } : les conditions que vous avez acceptées
mail-terms-heading = Votre accord sur les conditions
mail-link-ending-subject = { $agency } : votre espace client va fermer
mail-link-ending-heading = Votre espace client va fermer
mail-link-ending-1 = { $agency } ne vous compte plus parmi ses clients. Votre espace client chez elle reste ouvert jusqu'à la date ci-dessous : prenez-y les documents qui vous sont utiles.
mail-link-ending-2 = Votre compte et vos autres agences ne changent pas.
mail-link-ending-when = Fermeture
mail-link-ending-mistake = Si vous êtes toujours client de cette agence, prévenez-la : elle seule peut corriger sa liste.
mail-link-added-subject = { $agency } : rattachement à votre compte
mail-link-added-heading = Une agence vient d'être rattachée à votre compte
mail-link-added-1 = Vous ouvrez maintenant votre espace client { $agency } avec votre adresse email et votre mot de passe habituels.
mail-link-added-2 = L'ancien identifiant de cette agence ne sert plus.
mail-link-added-not-you = Si ce n'est pas vous, changez votre mot de passe sans attendre et prévenez cette agence.
mail-link-taken-subject = { $agency } n'est plus rattachée à votre compte
mail-link-taken-heading = Une agence n'est plus rattachée à votre compte
mail-link-taken-1 = Votre compte n'ouvre plus l'espace client { $agency } : le rattachement a été retiré par l'agence ou par l'assistance, et vous y avez été déconnecté.
mail-link-taken-2 = Votre compte, votre mot de passe et vos autres agences ne changent pas.
mail-link-taken-not-you = Si vous êtes client de cette agence et que ce retrait vous étonne, appelez-la : elle peut vous remettre un code pour rattacher de nouveau votre espace client.
mail-link-given-subject = { $agency } est maintenant rattachée à votre compte
mail-link-given-heading = Une agence a été rattachée à votre compte
mail-link-given-1 = L'assistance a rattaché votre espace client { $agency } à ce compte. Vous l'ouvrez avec votre adresse email et votre mot de passe habituels.
mail-link-given-2 = Rien d'autre ne change : ni votre mot de passe, ni vos autres agences.
mail-link-given-not-you = Si vous ne connaissez pas cette agence, prévenez-la : le rattachement sera retiré.
mail-locked-subject = { $agency } : votre compte est bloqué
mail-locked-heading = Votre compte est bloqué
mail-locked-1 = Trop de mots de passe invalides ont été saisis pour votre compte. Pour vous protéger, plus aucun mot de passe n'est accepté, pas même le bon.
mail-locked-2 = Pour le débloquer, choisissez un nouveau mot de passe.
mail-locked-not-you = Si ces essais ne viennent pas de vous, personne n'est entré. Un nouveau mot de passe débloque votre compte ; vos appareils déjà connectés le restent jusque-là.
mail-unlocked-subject = { $agency } : votre compte est débloqué
mail-unlocked-heading = Votre compte est débloqué
mail-unlocked-1 = À votre demande, les essais de mot de passe comptés sur votre compte viennent d'être effacés.
mail-unlocked-2 = Votre mot de passe reste le même : personne ne l'a vu ni changé. S'il vous échappe, choisissez-en un nouveau par « Mot de passe oublié ».
mail-unlocked-not-you = Si vous n'avez rien demandé, prévenez votre agence.
mail-sessions-ended-subject = { $agency } : vos appareils ont été déconnectés
mail-sessions-ended-heading = Tous vos appareils ont été déconnectés
mail-sessions-ended-1 = À votre demande, tous les appareils où votre compte était ouvert viennent d'être déconnectés, dans vos espaces clients aussi.
mail-sessions-ended-2 = Votre mot de passe reste le même. Si quelqu'un d'autre le connaît, choisissez-en un nouveau par « Mot de passe oublié ».
mail-sessions-ended-not-you = Si vous n'avez rien demandé, prévenez votre agence.
mail-closed-subject = { $agency } : votre compte est fermé
mail-closed-heading = Votre compte est fermé
mail-closed-1 = Votre compte n'ouvre plus aucun espace client, et tous vos appareils ont été déconnectés.
mail-closed-2 = Si vous changez d'avis, appelez votre agence : il peut être rouvert tel qu'il était.
mail-closed-not-you = Si vous n'avez rien demandé, prévenez votre agence sans attendre.
mail-reopened-subject = { $agency } : votre compte est rouvert
mail-reopened-heading = Votre compte est rouvert
mail-reopened-1 = Votre compte ouvre de nouveau vos espaces clients, avec la même adresse email.
mail-reopened-2 = Si votre mot de passe n'est pas accepté, choisissez-en un nouveau par « Mot de passe oublié ».
mail-reopened-not-you = Si vous n'avez rien demandé, prévenez votre agence.
mail-reset-subject = { $agency } : choisir un nouveau mot de passe
mail-reset-heading = Choisissez un nouveau mot de passe
mail-reset-1 = Vous avez demandé à remplacer le mot de passe de votre compte. Suivez ce lien.
mail-reset-newest = Si vous avez reçu plusieurs messages, ouvrez le plus récent.
mail-reset-not-you = Si vous n'avez rien demandé, ne faites rien : votre mot de passe reste le même.
mail-invited-subject = { $agency } : votre accès au guichet
mail-invited-heading = Votre accès au guichet
mail-invited-1 = { $agency } vous a inscrit parmi ceux qui aident ses clients. Choisissez un mot de passe : vous aurez votre propre compte, avec cette adresse.
mail-invited-1-all = Vous êtes inscrit parmi ceux qui aident les clients des agences. Choisissez un mot de passe : vous aurez votre propre compte, avec cette adresse.
mail-invited-2 = Les conditions d'utilisation vous seront présentées, puis le guichet s'ouvrira.
mail-invited-days = { $days ->
    [one] Ce lien fonctionne une fois, pendant un jour.
   *[other] Ce lien fonctionne une fois, pendant { $days } jours.
  }
mail-invited-not-you = Si vous ne travaillez pas pour cette agence, ne faites rien : aucun compte n'est créé.
mail-finish-subject = { $agency } : terminez la création de votre compte
mail-finish-heading = Votre compte n'est pas encore créé
mail-finish-1 = Vous avez demandé un nouveau mot de passe, mais la création de votre compte n'est pas terminée : il n'y a donc pas encore de mot de passe à remplacer.
mail-finish-2 = Pour terminer, suivez ce lien et connectez-vous avec le mot de passe choisi pour { $agency }.
mail-finish-button = Terminer la création
mail-finish-lost = Ce mot de passe vous échappe ? Recommencez depuis votre espace client, avec vos anciens identifiants : { $url }
mail-changed-subject = { $agency } : votre mot de passe a été changé
mail-changed-heading = Votre mot de passe a été changé
mail-changed-1 = Le mot de passe de votre compte vient d'être remplacé. S'il était bloqué, il ne l'est plus.
mail-changed-2 = Par sécurité, tous vos autres appareils ont été déconnectés.
mail-changed-not-you = Si ce n'est pas vous, demandez aussitôt un nouveau mot de passe par « Mot de passe oublié », puis prévenez votre agence.
mail-address-subject = { $agency } : une autre adresse email a été choisie
mail-address-heading = Une autre adresse a été choisie
mail-address-1 = Avec vos anciens identifiants { $agency }, quelqu'un crée un compte avec une autre adresse email que celle-ci.
mail-address-2 = Si c'est vous, vous n'avez rien à faire.
mail-address-chosen = Adresse choisie
mail-address-not-you = Si ce n'est pas vous, appelez { $agency } sans attendre.
mail-new-address-subject = { $agency } : confirmez votre nouvelle adresse
mail-new-address-heading = Confirmez votre nouvelle adresse
mail-new-address-1 = Vous avez demandé à ouvrir votre compte avec cette adresse. Suivez ce lien pour la confirmer.
mail-new-address-hours = { $hours ->
    [one] Ce lien fonctionne pendant { $hours } heure. D'ici là, rien ne change.
   *[other] Ce lien fonctionne pendant { $hours } heures. D'ici là, rien ne change.
  }
mail-new-address-not-you = Si vous n'avez rien demandé, ne faites rien : aucun compte ne changera.
mail-asked-subject = { $agency } : une autre adresse est demandée
mail-asked-heading = Vous changez d'adresse ?
mail-asked-1 = Quelqu'un a demandé, avec votre mot de passe, à ouvrir votre compte avec une autre adresse que celle-ci.
mail-asked-2 = Si c'est vous, vous n'avez rien à faire. Sinon, choisissez « Ce n'était pas moi ».
mail-asked-chosen = Adresse demandée
mail-take-back = Ce n'était pas moi
mail-asked-hours = { $hours ->
    [one] La demande expire dans { $hours } heure si elle n'est pas confirmée.
   *[other] La demande expire dans { $hours } heures si elle n'est pas confirmée.
  }
mail-replaced-subject = { $agency } : votre adresse a été remplacée
mail-replaced-heading = Une autre adresse ouvre votre compte
mail-replaced-1 = Votre compte s'ouvre désormais avec une autre adresse que celle-ci, et tous vos autres appareils ont été déconnectés.
mail-replaced-days = { $days ->
    [one] Ce lien fonctionne pendant { $days } jour : vous y choisissez un nouveau mot de passe, et votre compte retrouve cette adresse.
   *[other] Ce lien fonctionne pendant { $days } jours : vous y choisissez un nouveau mot de passe, et votre compte retrouve cette adresse.
  }
mail-moved-subject = { $agency } : votre nouvelle adresse est enregistrée
mail-moved-heading = Votre nouvelle adresse est enregistrée
mail-moved-1 = Vous vous connectez désormais avec l'adresse qui reçoit ce message. Votre mot de passe reste le même.
mail-moved-2 = Par sécurité, tous vos autres appareils ont été déconnectés.
mail-moved-not-you = Si ce n'est pas vous, prévenez votre agence.
mail-taken-back-subject = { $agency } : le changement d'adresse est annulé
mail-taken-back-heading = Le changement d'adresse est annulé
mail-taken-back-1 = Le titulaire du compte a repris son compte : il s'ouvre de nouveau avec l'adresse ci-dessous, et avec un nouveau mot de passe.
mail-taken-back-2 = Tous les autres appareils ont été déconnectés.
mail-taken-back-address = Adresse du compte
mail-device-subject = { $agency } : nouvelle connexion à votre compte
mail-device-heading = Nouvelle connexion
mail-device-1 = Quelqu'un vient de se connecter à votre compte avec votre mot de passe, sur un appareil que nous ne connaissions pas.
mail-device-2 = Si c'est vous, vous n'avez rien à faire.
mail-device-what = Appareil
mail-device-button = Voir mes appareils
mail-device-not-you = Si ce n'est pas vous, demandez aussitôt un nouveau mot de passe par « Mot de passe oublié » : tous les appareils seront déconnectés. Puis prévenez votre agence.
