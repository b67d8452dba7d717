<?php

declare(strict_types=1);

namespace Donna\Privacy;

/** How a field is treated goes by its name, whatever its spelling. The same lists stand in the gateway's src/privacy/field-rules.ts. */
final class FieldRules
{
    private const HASHED = ' email mail phone mobile tel telephone from to cc bcc replyto recipient recipients sender caller callee name names '
        . ' firstname lastname middlename fullname username displayname nickname surname familyname givenname customer customername '
        . ' contact contactname company login ip ipaddress remoteip clientip address addr remoteaddress remoteaddr clientaddress '
        . ' street iban session sessionid number ';
    private const MASKED = ' subject body message messages text transcript prompt reply content contents instructions history chathistory usermemory '
        . ' memory query querystring search authorization proxyauthorization cookie cookies setcookie useragent referer referrer '
        . ' password passwd pass pwd passphrase secret token jwt apikey privatekey credentials payload audio audiodata birthday '
        . ' birthdate dateofbirth dob title note notes greeting form headers rawheaders files filename csrf path pathname url uri '
        . ' referer pin otp card cardnumber cvc cvv ';
    private const IDS = ' traceid route script stage errorcode code level service at msg time run mailid version seenversion arm servedby source ';
    private const SUBJECTS = ' by chosenby startedby owner sub userid actor ';
    private const HASHED_ENDS = '/(?:email|phone|telephone|mobile|iban|firstname|lastname|fullname|username|ipaddress)$/D';
    private const MASKED_ENDS = '/(?:password|passwd|secret|token|cookie|authorization|apikey|transcript|prompt)$/D';

    public static function of(string $name): Treatment
    {
        $plain = strtolower((string) preg_replace('/[^A-Za-z0-9]/', '', substr($name, 0, 64)));
        $word = ' ' . $plain . ' ';

        return match (true) {
            str_contains(self::IDS, $word) => Treatment::Id,
            str_contains(self::SUBJECTS, $word) => Treatment::Subject,
            str_contains(self::MASKED, $word) || preg_match(self::MASKED_ENDS, $plain) === 1 => Treatment::Mask,
            str_contains(self::HASHED, $word) || preg_match(self::HASHED_ENDS, $plain) === 1 => Treatment::Hash,
            default => Treatment::Scan,
        };
    }
}
