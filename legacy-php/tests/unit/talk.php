<?php

declare(strict_types=1);

use Donna\Donna\AbuseFilter;
use Donna\Donna\Intent;
use Donna\Http\ApiException;
use Donna\Marketing\Classifier;
use Donna\Marketing\MailboxSeed;
use Donna\Provider\HttpClient;
use Donna\Voice\AudioUpload;

use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

test('insults to somebody are abuse, mentions of words are not', static function (): void {
    foreach (['You are an idiot', 'donna is such a stupid bitch', "you're worthless", 'SHUT UP', 'I will kill you', 'you’re really dumb'] as $text) {
        truth(AbuseFilter::isAbusive($text), 'let through: ' . $text);
    }
    foreach (['Hello', 'That was a stupid mistake of mine', 'My dog is called Moron', 'Please shut the door', 'You are an angel', 'The movie "Idiot" by Kurosawa', 'this kills me'] as $text) {
        truth(!AbuseFilter::isAbusive($text), 'refused: ' . $text);
    }
});

test('a mail is asked for in so many words only', static function (): void {
    same(['to' => 'a@b.example', 'subject' => 'the offer', 'body' => 'we agree.'], Intent::mail('Please send an email to a@b.example about the offer: we agree.'));
    same(['to' => 'a@b.example', 'subject' => 'we agree', 'body' => 'we agree'], Intent::mail('write e-mail to a@b.example saying we agree'));
    foreach (['send an email', 'email a@b.example', 'send an email to nobody: hi', 'how do I send an email to a@b.example?', 'send an email to a@b.example:   '] as $text) {
        same(null, Intent::mail($text), $text);
    }
    $sneaky = Intent::mail("send an email to a@b.example about x\r\nBcc: c@d.example: hi");
    truth($sneaky === null || preg_match('/[\r\n]/', $sneaky['to'] . $sneaky['subject']) !== 1, 'a line break got into a header');
});

test('a lead is rated by its signs', static function (): void {
    same('hot', Intent::lead('They have budget, want a demo this week and a quote')['temperature']);
    same('cold', Intent::lead('just looking, no budget')['temperature']);
    same(true, Intent::isLeadQuestion('Can you classify this lead?'));
    same(false, Intent::isLeadQuestion('Who leads the team?'));
    same(['name' => 'Ada Lovelace', 'company' => 'Analytical Engines'], Intent::facts('Hello, my name is Ada Lovelace and my company is Analytical Engines.'));
});

test('the seed mails are sorted as a reader would', static function (): void {
    same(12, count(MailboxSeed::emails()));
    foreach (MailboxSeed::emails() as $email) {
        same($email['category'], Classifier::classify($email['subject'], $email['body'])['category'], $email['subject']);
    }
});

test('the HTTP client refuses what would leave the machine or travel in the clear', static function (): void {
    $refused = static function (HttpClient $client, string $url): bool {
        try {
            $client->send('GET', $url, [], '', 0.2);
        } catch (ApiException $e) {
            return $e->errorCode->value === 'UPSTREAM_UNAVAILABLE';
        }

        return false;
    };
    foreach (['https://api.openai.com/v1', 'http://api.openai.com/', 'http://127.0.0.1.evil.example/', 'http://10.0.0.1/', 'https://[2001:db8::1]/', 'file:///etc/passwd', 'php://stdin', 'http://localhost@evil.example/', ''] as $url) {
        truth($refused(new HttpClient(true), $url), 'let through: ' . $url);
    }
    truth($refused(new HttpClient(false), 'http://api.openai.com/'), 'a key would travel in the clear');
    foreach (['127.0.0.1', '127.8.8.8', '::1', '[::1]', 'localhost', 'LOCALHOST'] as $host) {
        truth(HttpClient::isLoopback($host), $host);
    }
    foreach (['127.0.0.1.example', '128.0.0.1', 'localhost.example', '0.0.0.0', ''] as $host) {
        truth(!HttpClient::isLoopback($host), $host);
    }
});

test('audio is known by its bytes', static function (): void {
    same('audio/wav', AudioUpload::recognise("RIFF\0\0\0\0WAVEfmt ")[0] ?? null);
    same('audio/mpeg', AudioUpload::recognise("ID3\x04")[0] ?? null);
    same('audio/mpeg', AudioUpload::recognise("\xFF\xFB\x90\x00")[0] ?? null);
    same('audio/aac', AudioUpload::recognise("\xFF\xF1\x50\x80")[0] ?? null);
    same('audio/webm', AudioUpload::recognise("\x1A\x45\xDF\xA3..")[0] ?? null);
    foreach (['', '<?php echo 1;', '%PDF-1.7', "\x89PNG\r\n", "\xFF\xD8\xFF\xE0", 'RIFF....AVI ', "PK\x03\x04", "\xFF\xFE<\0h\0"] as $bytes) {
        same(null, AudioUpload::recognise($bytes), bin2hex($bytes));
    }
});
