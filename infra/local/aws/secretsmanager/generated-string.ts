import { randomInt } from 'node:crypto';
import { type Json, member } from '../../template/json.ts';

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/**
 * A secret value as `GenerateSecretString` asks for it (AWS::SecretsManager::Secret GenerateSecretString): the password
 * alone, or the template with the password as one member more.
 */
export function generateSecretString(spec: Json): string {
  const password = generatePassword(spec);
  const template = member(spec, 'SecretStringTemplate');
  const key = member(spec, 'GenerateStringKey');
  if (typeof template !== 'string' || typeof key !== 'string') return password;
  return JSON.stringify({ ...(JSON.parse(template) as object), [key]: password });
}

function generatePassword(spec: Json): string {
  const is = (name: string) => member(spec, name) === true;
  const excluded = String(member(spec, 'ExcludeCharacters') ?? '');
  const kinds = [
    is('ExcludeLowercase') ? '' : LOWER,
    is('ExcludeUppercase') ? '' : LOWER.toUpperCase(),
    is('ExcludeNumbers') ? '' : DIGITS,
    is('ExcludePunctuation') ? '' : PUNCTUATION,
    is('IncludeSpace') ? ' ' : '',
  ];
  const allowed = kinds.map((kind) => [...kind].filter((character) => !excluded.includes(character)));
  const required = member(spec, 'RequireEachIncludedType') === false ? [] : allowed.filter(({ length }) => length > 0);
  const length = Number(member(spec, 'PasswordLength') ?? 32);
  const alphabet = allowed.flat();
  for (;;) {
    const password = Array.from({ length }, () => alphabet[randomInt(alphabet.length)] ?? '');
    if (required.every((kind) => kind.some((character) => password.includes(character)))) return password.join('');
  }
}
