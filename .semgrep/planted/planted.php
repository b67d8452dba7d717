<?php

declare(strict_types=1);

// Never run: what .semgrep/rules.yml must find, one for each rule.
system($argv[1]);
unserialize($argv[1]);
