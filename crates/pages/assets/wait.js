// The page that waits for the mailed link: asks now and then whether it may go on, and counts down to the next message.
(function () {
  'use strict';
  var waiting = document.getElementById('waiting');
  function ask() {
    fetch(waiting.getAttribute('data-status'), { credentials: 'same-origin', cache: 'no-store', headers: { Accept: 'application/json' } })
      .then(function (answer) { return answer.json(); })
      .then(function (answer) {
        if (!answer.next) { throw new Error('not yet'); }
        waiting.querySelector('.waiting-words').textContent = waiting.getAttribute('data-found');
        window.location.replace(waiting.getAttribute('data-next'));
      })
      .catch(function () { setTimeout(ask, 4000); });
  }
  if (waiting && window.fetch) { setTimeout(ask, 2000); }

  var wait = document.getElementById('resend-wait');
  var button = document.getElementById('resend');
  if (!wait || !button) { return; }
  var until = Date.now() + Number(wait.getAttribute('data-seconds')) * 1000;
  button.hidden = true;
  (function tick() {
    var left = Math.ceil((until - Date.now()) / 1000);
    if (left <= 0) { wait.hidden = true; button.hidden = false; return; }
    wait.textContent = wait.getAttribute(left === 1 ? 'data-one' : 'data-many').replace('%n', left);
    setTimeout(tick, 250);
  })();
})();
