// The box under the terms can be used once their end was on the screen. Without scripts it simply stands at the end.
(function () {
  'use strict';
  var end = document.getElementById('terms-end');
  var box = document.getElementById('accept');
  var note = document.getElementById('accept-note');
  var print = document.getElementById('print');
  var reached = false;

  function reach() {
    reached = true;
    // The evidence says "read to the end" only of those of whom the page says so.
    box.form.elements.read.value = 'end';
    box.removeAttribute('aria-disabled');
    note.textContent = '';
  }
  print.hidden = false;
  print.addEventListener('click', function () { window.print(); });
  // Going there by the link is reaching it, whatever the observer sees.
  document.getElementById('to-end').addEventListener('click', reach);
  // A second click would take back the answer to the first, and with it the session that it opens.
  var sent = false;
  box.form.addEventListener('submit', function (event) {
    if (sent) { event.preventDefault(); }
    sent = true;
  });
  window.addEventListener('pageshow', function () { sent = false; });
  if (!('IntersectionObserver' in window)) { return; }

  box.setAttribute('aria-disabled', 'true');
  box.addEventListener('click', function (event) {
    if (reached) { return; }
    event.preventDefault();
    note.textContent = note.getAttribute('data-early');
  });
  // Everything above the window counts as seen: the End key may jump past the end of the text.
  new IntersectionObserver(function (entries, observer) {
    if (entries.some(function (entry) { return entry.isIntersecting; })) { observer.disconnect(); reach(); }
  }, { rootMargin: '1000000px 0px 0px 0px' }).observe(end);
})();
