// Buttons for people of a course, above the file browser: "Hand in" for students, "Hand out" and "Collect" for teachers.
// The person's own server does it (hubinstall_courses.py), with that person's rights; it also says who is in a course.
//
// A prebuilt extension of JupyterLab by hand, as hubinstall-announcements is.
"use strict";
(() => {
  const NAME = "hubinstall-courses";
  let shared;

  function courses() {
    const config = document.getElementById("jupyter-config-data");
    const { hubinstallCourses = "[]" } = config ? JSON.parse(config.textContent) : {};
    return JSON.parse(hubinstallCourses);
  }

  // JupyterLab's own copy of a package, as in hubinstall-plots.
  async function provided(name) {
    const [version] = Object.values(shared[name]);
    return (await version.get())();
  }

  const VERBS = [
    { verb: "hand-in", says: "Hand in", teaches: false, hint: "Give the selected file or folder to your teacher",
      asks: (what, title) => `Hand in ${what} to ${title}? What is on the disk now is copied; you cannot take it back.` },
    { verb: "hand-out", says: "Hand out", teaches: true, hint: "Copy the selected file or folder to the material of the course",
      asks: (what, title) => `Copy ${what} to the material of ${title}? Its members can read it then; files of the same name are replaced.` },
    { verb: "collect", says: "Collect", teaches: true, hint: "Copy what was handed in to a folder of your home",
      asks: (_, title) => `Copy what was handed in to ${title} to a new folder of your home?` },
  ];

  async function plugin() {
    const { Dialog, InputDialog, showDialog } = await provided("@jupyterlab/apputils");
    const { IDefaultFileBrowser } = await provided("@jupyterlab/filebrowser");
    const { ServerConnection } = await provided("@jupyterlab/services");
    const { Widget } = await provided("@lumino/widgets");

    function tell(title, text) {
      const node = document.createElement("div");
      node.textContent = text;
      Object.assign(node.style, { whiteSpace: "pre-line", overflowWrap: "anywhere" });
      return showDialog({ title, body: new Widget({ node }), buttons: [Dialog.okButton()] });
    }

    async function chosenCourse(of, says) {
      if (of.length === 1) {
        return of[0];
      }
      const items = of.map((one) => one.title);
      const { button, value } = await InputDialog.getItem({ title: `${says}: which course?`, items });
      return button.accept ? of[items.indexOf(value)] : undefined;
    }

    // The selected file or folder, or the folder that is shown; empty if that is none or several.
    function chosenPath(app, browser) {
      const selected = [...browser.selectedItems()];
      const path = selected.length ? selected[0].path : browser.model.path;
      return selected.length > 1 ? "" : app.serviceManager.contents.localPath(path);
    }

    async function ask(app, course, verb, path) {
      const settings = app.serviceManager.serverSettings;
      const url = `${settings.baseUrl}hubinstall/courses/${encodeURIComponent(course.name)}/${verb}`;
      const init = { method: "POST", body: JSON.stringify({ path }) };
      try {
        const answer = await ServerConnection.makeRequest(url, init, settings);
        return { ok: answer.ok, said: (await answer.json()).message };
      } catch (error) {
        return { ok: false, said: `Your server did not answer: ${error.message}. Try again.` };
      }
    }

    async function press(app, browser, of, { verb, says, asks }) {
      const path = verb === "collect" ? "" : chosenPath(app, browser);
      if (verb !== "collect" && !path) {
        await tell(says, "First select one file or one folder in the file browser.");
        return;
      }
      const course = await chosenCourse(of, says);
      if (!course) {
        return;
      }
      const buttons = [Dialog.cancelButton(), Dialog.okButton({ label: says })];
      const { button } = await showDialog({ title: says, body: asks(path, course.title), buttons });
      if (!button.accept) {
        return;
      }
      if (verb !== "collect" && app.commands.isEnabled("docmanager:save-all")) {
        await app.commands.execute("docmanager:save-all");
      }
      const { ok, said } = await ask(app, course, verb, path);
      await tell(ok ? `${says}: done` : `${says}: not done`, said);
      browser.model.refresh();
    }

    function button(app, browser, of, what) {
      const found = document.createElement("button");
      found.className = "jp-mod-styled jp-mod-minimal";
      found.textContent = what.says;
      found.title = what.hint;
      found.addEventListener("click", async () => {
        found.disabled = true;
        try {
          await press(app, browser, of, what);
        } finally {
          found.disabled = false;
        }
      });
      return found;
    }

    function activate(app, browser) {
      const mine = courses();
      const node = document.createElement("div");
      node.className = NAME;
      Object.assign(node.style, { display: "flex", flexWrap: "wrap", gap: "4px", padding: "4px 8px" });
      for (const what of VERBS) {
        const of = mine.filter((one) => one.teaches === what.teaches);
        if (of.length) {
          node.append(button(app, browser, of, what));
        }
      }
      if (node.hasChildNodes()) {
        browser.header.addWidget(new Widget({ node }));
      }
    }

    return { id: `${NAME}:plugin`, autoStart: true, requires: [IDefaultFileBrowser], activate };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init: (scope) => {
      shared = scope;
    },
    get: async () => {
      const extension = courses().length ? await plugin() : [];
      return () => ({ __esModule: true, default: extension });
    },
  };
})();
