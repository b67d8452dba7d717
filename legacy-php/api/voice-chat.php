<?php

declare(strict_types=1);

use Donna\App;
use Donna\Kernel;
use Donna\Voice\GetVoices;
use Donna\Voice\PhoneCall;
use Donna\Voice\SpeechToSpeech;
use Donna\Voice\TestConnection;
use Donna\Voice\TextToSpeech;
use Donna\Voice\UploadAudio;

require __DIR__ . '/../lib/autoload.php';

$speak = static fn(App $app): TextToSpeech => new TextToSpeech($app->elevenLabs(), $app->env->get('ELEVENLABS_VOICE_ID'));

Kernel::api(['POST' => [
    'get_voices' => static fn(App $app): GetVoices => new GetVoices($app->elevenLabs()),
    'text_to_speech' => $speak,
    'synthesize' => $speak,
    'speech_to_speech' => static fn(App $app): SpeechToSpeech => new SpeechToSpeech($app->elevenLabs(), $app->env->get('ELEVENLABS_VOICE_ID')),
    'upload_audio' => static fn(App $app): UploadAudio => new UploadAudio($app->openAi()),
    'test_connection' => static fn(App $app): TestConnection => new TestConnection($app->elevenLabs()),
    'initiate_call' => static fn(App $app): PhoneCall => new PhoneCall($app->telnyx(), 'initiate'),
    'answer_call' => static fn(App $app): PhoneCall => new PhoneCall($app->telnyx(), 'answer'),
    'hangup_call' => static fn(App $app): PhoneCall => new PhoneCall($app->telnyx(), 'hangup'),
    'transfer_call' => static fn(App $app): PhoneCall => new PhoneCall($app->telnyx(), 'transfer'),
    'get_call_status' => static fn(App $app): PhoneCall => new PhoneCall($app->telnyx(), 'status'),
    'record_call' => static fn(App $app): PhoneCall => new PhoneCall($app->telnyx(), 'record'),
]], maxBodyBytes: 15 * 1024 * 1024);
