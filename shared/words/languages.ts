/** The languages that Lifeboat speaks, and how a system's locale chooses one of them. */

export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

/** The language for a BCP 47 tag or a POSIX locale such as `de_AT.UTF-8`; English where there is no other. */
export function languageFor(locale: string): Language {
  const wanted = locale.toLowerCase().split(/[-_.@]/)[0];
  return languages.find((language) => language === wanted) ?? 'en';
}
