<?php

declare(strict_types=1);

/**
 * A mail server of one conversation at a time: php smtp.php PORT CERT_PEM OUT_FILE [no-tls]. Offers STARTTLS, and takes mail
 * only after it; each mail taken is appended to OUT_FILE.
 */
[, $port, $pem, $out] = $argv;
$offersTls = ($argv[4] ?? '') !== 'no-tls';
$server = stream_socket_server("tcp://127.0.0.1:{$port}", $code, $text, STREAM_SERVER_BIND | STREAM_SERVER_LISTEN, stream_context_create(['ssl' => ['local_cert' => $pem]]));
if ($server === false) {
    exit(1);
}
while (true) {
    $client = @stream_socket_accept($server, 60);
    if ($client === false) {
        continue;
    }
    stream_set_timeout($client, 5);
    $say = static fn(string $line): int|false => @fwrite($client, $line . "\r\n");
    $isSafe = false;
    $seen = [];
    $say('220 stand-in');
    while (($line = @fgets($client)) !== false) {
        $line = rtrim($line, "\r\n");
        $seen[] = $line;
        if (str_starts_with($line, 'EHLO')) {
            $say($offersTls && !$isSafe ? "250-stand-in\r\n250 STARTTLS" : "250-stand-in\r\n250 AUTH PLAIN");
        } elseif ($line === 'STARTTLS') {
            $say('220 go');
            if (@stream_socket_enable_crypto($client, true, STREAM_CRYPTO_METHOD_TLS_SERVER) !== true) {
                break;
            }
            $isSafe = true;
        } elseif (str_starts_with($line, 'AUTH')) {
            $say($isSafe ? '235 ok' : '530 not without TLS');
        } elseif (str_starts_with($line, 'RCPT TO:<refused@')) {
            $say('550 secret reason at /var/mail');
        } elseif (str_starts_with($line, 'MAIL') || str_starts_with($line, 'RCPT')) {
            $say($isSafe ? '250 ok' : '530 not without TLS');
        } elseif ($line === 'DATA') {
            $say('354 go on');
            $data = '';
            while (($part = fgets($client)) !== false && rtrim($part, "\r\n") !== '.') {
                $data .= $part;
            }
            file_put_contents($out, json_encode(['commands' => $seen, 'data' => $data]) . "\n", FILE_APPEND);
            $say('250 taken');
        } elseif ($line === 'QUIT') {
            $say('221 bye');
            break;
        }
    }
    fclose($client);
}
