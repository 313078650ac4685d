// Loads what draws Plotly's figures when the first one is shown. Plotly's own extension of JupyterLab makes every page
// load and run all of it, 4.8 MB, which is nearly as much as JupyterLab itself; inside.sh takes that entry out of it.
//
// A prebuilt extension of JupyterLab by hand, as hubinstall-announcements is.
"use strict";
(() => {
  const NAME = "hubinstall-plots";
  const PLOTLY = "jupyterlab-plotly";
  const TYPE = "application/vnd.plotly.v1+json";
  let shared;

  async function drawing() {
    const module = (await window._JUPYTERLAB[PLOTLY].get("./mimeExtension"))();
    return [module.default].flat()[0].rendererFactory;
  }

  // JupyterLab's own copy of a package (webpack, "Module Federation"): version → how to get it.
  async function provided(name) {
    const [version] = Object.values(shared[name]);
    return (await version.get())();
  }

  async function plugin() {
    const { PanelLayout, Widget } = await provided("@lumino/widgets");

    class Figure extends Widget {
      constructor(options) {
        super();
        this.options = options;
        this.layout = new PanelLayout();
      }

      async renderModel(model) {
        if (!this.drawn) {
          const factory = await drawing();
          this.drawn ??= factory.createRenderer(this.options);
          this.layout.addWidget(this.drawn);
        }
        await this.drawn.renderModel(model);
      }
    }

    return {
      id: `${NAME}:factory`,
      rendererFactory: { safe: true, mimeTypes: [TYPE], createRenderer: (options) => new Figure(options) },
      // Plotly's own has 2: one that a person has installed comes first.
      rank: 3,
      dataType: "json",
      fileTypes: [{ name: "plotly", mimeTypes: [TYPE], extensions: [".plotly", ".plotly.json"] }],
      documentWidgetFactoryOptions: {
        name: "Plotly", primaryFileType: "plotly", fileTypes: ["plotly", "json"], defaultFor: ["plotly"],
      },
    };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init: (scope) => {
      shared = scope;
    },
    get: async () => {
      const extension = await plugin();
      return () => ({ __esModule: true, default: extension });
    },
  };
})();
