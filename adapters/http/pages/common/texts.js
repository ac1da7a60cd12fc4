// Texts as every page takes them: those of the configuration, in several languages, and those that somebody searches.

/** A text of the configuration in a language; where it has none in that, the one for all, or its first. */
export const inLanguage = (texts, language) => texts[language] ?? texts[""] ?? Object.values(texts)[0] ?? "";

/** Text without accents and capitals, for searching: "Nguyễn Thị Ân" is found by "nguyen thi an". */
export const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase();
