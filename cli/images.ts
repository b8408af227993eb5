/** Which of the platform's own images a config needs. */
