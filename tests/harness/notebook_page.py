"""A notebook that is open in somebody's JupyterLab: typing into one of its cells, and reading all of them."""

from playwright.sync_api import Browser, Locator, Page, expect

from harness import loads
from harness.browser import PATIENCE

TALL = 8000
"""Pixels: CodeMirror has only those lines in the page that can be seen."""
DIALOG = ".jp-Dialog"


class NotebookPage:
    """`address`: of the notebook in JupyterLab, below `base_url`; its server runs. `own`: the number of the cell in
    which this person writes: two who do not see each other, and write in the same place, write between their letters.
    """

    def __init__(self, browser: Browser, base_url: str, name: str, password: str, address: str, own: int) -> None:
        context = browser.new_context(base_url=base_url, viewport={"width": 1200, "height": TALL})
        context.set_default_timeout(2 * PATIENCE)
        loads.log_in(context, name, password)
        self.name, self._own = name, own
        self.page: Page = context.new_page()
        self.page.goto(address)
        # What JupyterLab says of a kernel that is gone lies above the notebook; a person would click it away.
        self.page.add_locator_handler(self.page.locator(DIALOG).first, self._dismiss)
        expect(self.cells.nth(own)).to_be_visible()
        # Before, a cell may change again.
        expect(self.page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=4 * PATIENCE)

    @property
    def cells(self) -> Locator:
        return self.page.locator(".jp-NotebookPanel .jp-CodeCell .cm-content")

    @property
    def note(self) -> Locator:
        """What hubinstall says in the corner of the page."""
        return self.page.locator(".hubinstall-announcements")

    def write(self, line: str) -> None:
        """As with a keyboard, at the end of the own cell."""
        self.cells.nth(self._own).click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(f"{line}\n")
        expect(self.cells.nth(self._own).locator(".cm-line").nth(-2)).to_have_text(line)

    def text(self) -> list[list[str]]:
        """The lines of each cell, without the last one, which is empty."""
        return [cell.locator(".cm-line").all_inner_texts()[:-1] for cell in self.cells.all()]

    def start(self) -> None:
        """Press the button of the note, and close the page that it opens once the server answers there."""
        with self.page.expect_popup() as opened:
            self.note.get_by_role("button", name="Start it").click()
        tab = opened.value
        # While the server is still ending, JupyterHub waits for that, and then has a button of its own.
        tab.add_locator_handler(tab.locator("a#start"), lambda button: button.click())
        expect(tab.locator("#jp-MainLogo")).to_be_visible(timeout=4 * PATIENCE)
        tab.close()

    def _dismiss(self, dialog: Locator) -> None:
        waits = dialog.get_by_role("button", name="Continue waiting")
        (waits if waits.count() else dialog.locator("button").first).click()
