// Shows or hides what is typed in a password field. Without scripts the button stays hidden.
(function () {
  'use strict';
  Array.prototype.forEach.call(document.querySelectorAll('[data-reveal]'), function (button) {
    var input = document.getElementById(button.getAttribute('data-reveal'));
    function draw() {
      var shown = input.type === 'text';
      button.textContent = button.getAttribute(shown ? 'data-hide' : 'data-show');
      button.setAttribute('aria-label', button.getAttribute(shown ? 'data-hide-label' : 'data-show-label'));
    }
    button.addEventListener('click', function () {
      input.type = input.type === 'text' ? 'password' : 'text';
      draw();
      input.focus();
    });
    // A shown password would be kept among the browser's form entries.
    input.form.addEventListener('submit', function () { input.type = 'password'; });
    button.hidden = false;
    draw();
  });
})();
