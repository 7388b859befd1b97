// OAuth 2.0 Form Post Response Mode: the answer goes to the portal by itself; without scripts, by the button.
document.getElementById('form-post').submit();
