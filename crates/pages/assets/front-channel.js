// Front-channel logout: the page goes on when the portals' frames have loaded, or after five seconds; without scripts, by the link.
(function () {
  'use strict';
  var link = document.getElementById('go-on');
  var gone = false;
  function go() {
    if (gone) { return; }
    gone = true;
    window.location.replace(link.href);
  }
  // The window's load waits for every frame of the document, those that fail too.
  if (document.readyState === 'complete') { go(); } else { window.addEventListener('load', go); }
  setTimeout(go, 5000);
})();
