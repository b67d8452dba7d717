/**
 * What becomes of a field's value. `hash`: a pseudonym; `mask`: gone; `id`: kept where it is a plain identifier; `subject`: who did something,
 * kept where it names no person by itself; `scan`: free text, searched.
 */
export type Treatment = 'hash' | 'mask' | 'id' | 'subject' | 'scan';

// The same lists stand in legacy-php/lib/Privacy/FieldRules.php; test/php/log-privacy.e2e-spec.ts holds the two together.
const HASHED =
  words(`email mail phone mobile tel telephone from to cc bcc replyto recipient recipients sender caller callee name names
  firstname lastname middlename fullname username displayname nickname surname familyname givenname customer customername contact contactname
  company login ip ipaddress remoteip clientip address addr remoteaddress remoteaddr clientaddress street iban session sessionid number`);
const MASKED =
  words(`subject body message messages text transcript prompt reply content contents instructions history chathistory usermemory
  memory query querystring search authorization proxyauthorization cookie cookies setcookie useragent referer referrer password passwd pass pwd
  passphrase secret token jwt apikey privatekey credentials payload audio audiodata birthday birthdate dateofbirth dob title note notes
  greeting form headers rawheaders files filename csrf path pathname url uri referer pin otp card cardnumber cvc cvv`);
const IDS = words(
  'traceid route script stage errorcode code level service at msg time run mailid version seenversion arm servedby source',
);
const SUBJECTS = words('by chosenby startedby owner sub userid actor');
const HASHED_ENDS = /(?:email|phone|telephone|mobile|iban|firstname|lastname|fullname|username|ipaddress)$/;
const MASKED_ENDS = /(?:password|passwd|secret|token|cookie|authorization|apikey|transcript|prompt)$/;

/** Field names met so far: they stand in the source, so that few suffice; names that data makes up must not fill the memory. */
const known = new Map<string, Treatment>();
const MAX_KNOWN = 500;

/** How the value under this name is treated, whatever its spelling (`user_email`, `userEmail`, `User-Email`). */
export function treatmentOf(name: string): Treatment {
  const seen = known.get(name);
  if (seen !== undefined) return seen;
  const treatment = decide(
    name
      .slice(0, 64)
      .replace(/[^A-Za-z0-9]/g, '')
      .toLowerCase(),
  );
  if (known.size < MAX_KNOWN && name.length <= 64) known.set(name, treatment);
  return treatment;
}

function decide(name: string): Treatment {
  if (IDS.has(name)) return 'id';
  if (SUBJECTS.has(name)) return 'subject';
  if (MASKED.has(name) || MASKED_ENDS.test(name)) return 'mask';
  if (HASHED.has(name) || HASHED_ENDS.test(name)) return 'hash';
  return 'scan';
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}
