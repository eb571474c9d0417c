// The script of the Streamlit component: it imports the player from its hashed address and forwards every call to it.

const address = new URL('INDEX', document.baseURI).href;
const plotly = new URL('PLOTLY', document.baseURI).href;
const calls = new WeakMap();

/** Called by Streamlit on mount, and again with the same parent whenever data or theme change. */
export default async function (component) {
  const parent = component.parentElement;
  // Calls are numbered before the first await. Streamlit also cleans up a call that a newer call has
  // overtaken, and that must not destroy the player.
  const call = (calls.get(parent) ?? 0) + 1;
  calls.set(parent, call);
  const player = await import(address);
  if (calls.get(parent) === call) player.show(component, plotly);
  return () =>
    setTimeout(() => {
      if (calls.get(parent) === call) player.destroy(parent);
    });
}
