// Ticks off the password rules while typing. A help only: the server judges.
(function () {
  'use strict';
  var box = document.getElementById('policy');
  var input = box && document.getElementById(box.getAttribute('data-password'));
  var status = document.getElementById('policy-status');
  if (!input) { return; }
  var least = Number(box.getAttribute('data-min'));
  var plain = function (text) {
    text = text.toLowerCase();
    return text.normalize ? text.normalize('NFD').replace(/[\u0300-\u036f]/g, '') : text;
  };
  var words = box.getAttribute('data-words').split('\n').map(plain).filter(function (word) { return word.length > 2; });

  function steps(text) {
    var even = 0;
    for (var i = 1; i < text.length; i++) {
      var step = text.charCodeAt(i) - text.charCodeAt(i - 1);
      if (step >= -1 && step <= 1) { even++; }
    }
    return even;
  }
  var rules = {
    length: function (text) { return Array.from(text).length >= least; },
    words: function (text) { return text !== '' && !words.some(function (word) { return plain(text).indexOf(word) >= 0; }); },
    guess: function (text) {
      // What is left without the usual words must still vary, and must not run along the alphabet or the keyboard.
      var rest = plain(text).replace(/\s/g, '').replace(/azerty|qwerty|motdepasse|password|12345|soleil|bonjour|admin/g, '');
      var kinds = {};
      Array.from(rest).forEach(function (c) { kinds[c] = true; });
      return Object.keys(kinds).length >= 7 && steps(rest) < rest.length / 2;
    }
  };
  var later;
  function judge() {
    var met = 0;
    var items = box.querySelectorAll('[data-rule]');
    Array.prototype.forEach.call(items, function (item) {
      var good = rules[item.getAttribute('data-rule')](input.value);
      item.classList.toggle('met', good);
      item.querySelector('.state').textContent = good ? ' – ' + box.getAttribute('data-done') : '';
      met += good ? 1 : 0;
    });
    clearTimeout(later);
    // Spoken once the typing pauses, not at every key.
    later = setTimeout(function () {
      if (input.value === '') { status.textContent = ''; return; }
      status.textContent = met === items.length
        ? box.getAttribute('data-all')
        : box.getAttribute('data-some').replace('%n', met).replace('%m', items.length);
    }, 900);
  }
  input.addEventListener('input', judge);
  judge();
})();
