// Runs inside Streamlit: fetches the player from its hashed address and forwards every call to it.

const address = new URL('INDEX', document.baseURI).href;
const plotly = new URL('PLOTLY', document.baseURI).href;
const calls = new WeakMap();

/** Streamlit calls this on mount and again, with the same parent, on every change of data or theme. */
export default async function (component) {
  const parent = component.parentElement;
  // Numbered before the first wait: Streamlit cleans up after a call that a newer one overtook, and
  // that must not take the player down with it.
  const call = (calls.get(parent) ?? 0) + 1;
  calls.set(parent, call);
  const player = await import(address);
  if (calls.get(parent) === call) player.show(component, plotly);
  return () =>
    setTimeout(() => {
      if (calls.get(parent) === call) player.destroy(parent);
    });
}
