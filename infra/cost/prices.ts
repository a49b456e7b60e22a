import file from './prices.json' with { type: 'json' };

/** A price by its name in prices.json. */
export type PriceName = keyof typeof file.prices;

/** When the prices were read, and of which region they are. */
export const { read: READ, region: REGION } = file;

type Price = {
  readonly usd: number;
  readonly for: number;
  readonly unit: string;
  readonly page: string;
  readonly checked: boolean;
};

/** Every price, in the order of the file. */
export const PRICES: Readonly<Record<PriceName, Price>> = file.prices;

/** US dollars for so many units, at list price: no free allowance, no discount, no tax. */
export function costOf(name: PriceName, units: number): number {
  const { usd, for: each } = PRICES[name];
  return (usd * units) / each;
}
