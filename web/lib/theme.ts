/**
 * Light, dark or as the system says: where the choice is kept and how it is applied.
 * It doesn't know colours: those are in app/globals.css.
 */
export type Theme = "system" | "light" | "dark";
const KEY = "computestream.theme";

/** Runs before the first paint. */
export const THEME_SCRIPT = `try{var t=localStorage.getItem("${KEY}");if(t==="light"||t==="dark")document.documentElement.dataset.theme=t}catch(e){}`;

export function storedTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system";
  }
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // The choice then lasts for this page only.
  }
  // Canvas charts have to be drawn again in the new colours.
  window.dispatchEvent(new Event("themechange"));
}
