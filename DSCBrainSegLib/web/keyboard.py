"""Keys of the page: undo and redo as everywhere."""

from __future__ import annotations

from trame.widgets import client

_SCRIPT = """
window.addEventListener('keydown', event => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const at = event.target, key = event.key.toLowerCase();
  const isText = at.tagName === 'INPUT' && !['radio', 'checkbox', 'range'].includes(at.type);
  if ((isText && !at.readOnly) || at.tagName === 'TEXTAREA' || at.isContentEditable) return;
  if (document.querySelector('.v-dialog.v-overlay--active')) return;
  const wish = key === 'z' ? (event.shiftKey ? 'redo' : 'undo') : key === 'y' ? 'redo' : '';
  if (!wish) return;
  event.preventDefault();
  window.trame.trigger(wish);
});
"""


def build_keyboard(app) -> None:
    """Let Ctrl+Z undo, Ctrl+Y and Ctrl+Shift+Z redo, unless a text is being written."""
    app.server.trigger("undo")(app.editor.undo)
    app.server.trigger("redo")(app.editor.redo)
    client.Script(_SCRIPT)
