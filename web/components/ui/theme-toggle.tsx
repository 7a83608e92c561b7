"use client";
/** Switches between the system's theme, light and dark. It doesn't know colours. */
import { useEffect, useState } from "react";
import { applyTheme, storedTheme, type Theme } from "../../lib/theme.ts";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const LABEL: Record<Theme, string> = { system: "as the system", light: "light", dark: "dark" };

export function ThemeToggle() {
  const [theme, setTheme] = useState<Theme>("system");
  useEffect(() => setTheme(storedTheme()), []);
  return (
    <button
      type="button"
      className="grid size-10 place-items-center rounded-lg text-muted hover:bg-raised hover:text-text"
      aria-label={`Theme: ${LABEL[theme]}. Change to ${LABEL[NEXT[theme]]}`}
      title={`Theme: ${LABEL[theme]}`}
      onClick={() => {
        applyTheme(NEXT[theme]);
        setTheme(NEXT[theme]);
      }}
    >
      <svg
        viewBox="0 0 20 20"
        className="size-5"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinecap="round"
        aria-hidden="true"
      >
        {theme === "dark" && (
          <path d="M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7Z" strokeLinejoin="round" />
        )}
        {theme === "light" && (
          <>
            <circle cx="10" cy="10" r="3.4" />
            <path d="M10 2v1.6M10 16.4V18M2 10h1.6M16.4 10H18M4.3 4.3l1.2 1.2M14.5 14.5l1.2 1.2M4.3 15.7l1.2-1.2M14.5 5.5l1.2-1.2" />
          </>
        )}
        {theme === "system" && (
          <>
            <circle cx="10" cy="10" r="7" />
            <path d="M10 3a7 7 0 0 1 0 14Z" fill="currentColor" stroke="none" />
          </>
        )}
      </svg>
    </button>
  );
}
