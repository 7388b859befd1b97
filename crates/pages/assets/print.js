// Prints the page. Without scripts the button stays hidden, and the browser's own menu prints as well.
(function () {
  'use strict';
  var print = document.getElementById('print');
  print.hidden = false;
  print.addEventListener('click', function () { window.print(); });
})();
