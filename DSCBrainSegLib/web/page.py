"""Where the sections stand on the page."""

from __future__ import annotations

from trame.ui.vuetify3 import VAppLayout
from trame.widgets import client, html
from trame.widgets import vuetify3 as v

from DSCBrainSegLib.web.keyboard import build_keyboard
from DSCBrainSegLib.web.views import SHARES

BAR_PX, SIGNAL_PX = 44, 152
LEFT_PX, RIGHT_PX = 300, 300

_OTHER_VIEWS = f"{SHARES[1] / sum(SHARES):.4f} * (100vw - {LEFT_PX + RIGHT_PX}px)"

ALERT_STYLE = (
    f"position: fixed; z-index: 2000; top: {BAR_PX + 8}px; left: {LEFT_PX + 170}px; "
    f"right: calc({RIGHT_PX + 12}px + {_OTHER_VIEWS});"
)
"""Over the axial view, beside the number of its slice."""

STYLE = """
html { overflow: hidden; }
.v-list-item-title { font-size: 13px; }
.v-btn { text-transform: none; letter-spacing: normal; }
.v-selection-control .v-label, .v-radio-group > .v-input__control > .v-label { font-size: 13px; }
.layout-grid-item { min-width: 0; min-height: 0; }
"""


def build_page(app) -> None:
    """Build the page of a `ReviewApp`."""
    with VAppLayout(app.server) as layout:
        layout.root.theme = "dark"
        client.Style(STYLE)
        with v.VAppBar(height=BAR_PX):
            html.Span("DSC brain review", classes="text-subtitle-1 ml-3")
            html.Span(
                "For research; not a medical device.", classes="text-caption text-disabled ml-3"
            )
            v.VSpacer()
            with html.Div(v_if=("busy",), classes="d-flex align-center mr-4", id="busy"):
                v.VProgressLinear(
                    indeterminate=("!busy_percent",),
                    model_value=("busy_percent",),
                    style="width: 160px;",
                    color="primary",
                )
                html.Span("{{ busy_text }}", classes="text-caption mx-2", id="busy-text")
                v.VBtn(
                    "Cancel", id="cancel", size="small", variant="outlined", click=app.work.cancel
                )
            app.saving.build()
        with _drawer("left", LEFT_PX):
            app.listing.build()
            v.VDivider()
            app.segmenting.build()
            v.VDivider(classes="mt-2")
            app.masks.build()
        with _drawer("right", RIGHT_PX):
            html.Div("Edit", classes="text-overline px-3 pt-1")
            with html.Div(v_show=("masks.length",), classes="px-2"):
                app.editor.build()
            v.VDivider()
            app.truth.build()
            v.VDivider()
            app.comparing.build()
        with v.VMain():
            v.VAlert(
                "{{ alert }}",
                v_if=("alert",),
                type=("alert_kind",),
                density="compact",
                closable=True,
                click_close="alert = ''",
                id="alert",
                style=ALERT_STYLE,
            )
            with html.Div(
                style=f"height: calc(100vh - {BAR_PX + SIGNAL_PX}px); display: flex;", id="views"
            ):
                app.views.layout.initialize_layout_grid(layout)
            with html.Div(style=f"height: {SIGNAL_PX}px;"):
                app.signal.build()
        app.comparing.build_dialog()
        build_keyboard(app)
    app.layout = layout


def _drawer(side: str, width: int):
    return v.VNavigationDrawer(
        permanent=True,
        location=side,
        width=width,
        disable_resize_watcher=True,
        disable_route_watcher=True,
    )
