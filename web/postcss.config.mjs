/** Runs Tailwind over app/globals.css. It doesn't know the theme: that stands in the stylesheet. */
export default { plugins: { "@tailwindcss/postcss": {} } };
