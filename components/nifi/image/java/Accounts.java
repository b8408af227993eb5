package millrace.nifi;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.apache.nifi.authentication.AuthenticationResponse;
import org.apache.nifi.authentication.LoginCredentials;
import org.apache.nifi.authentication.LoginIdentityProvider;
import org.apache.nifi.authentication.LoginIdentityProviderConfigurationContext;
import org.apache.nifi.authentication.LoginIdentityProviderInitializationContext;
import org.apache.nifi.authentication.exception.IdentityAccessException;
import org.apache.nifi.authentication.exception.InvalidLoginCredentialsException;

/**
 * Accounts whose passwords lie in a folder, a file each: `Folder` in login-identity-providers.xml. The file is read at each login, so a new
 * password holds at once. After ten refused logins within a minute nobody logs in until the minute is over.
 */
public final class Accounts implements LoginIdentityProvider {
  private static final int MOST_REFUSALS = 10;
  private static final Duration SPAN = Duration.ofMinutes(1);

  private final Deque<Long> refusals = new ArrayDeque<>();
  private Path folder;
  private long lifeMs;

  @Override
  public void initialize(LoginIdentityProviderInitializationContext context) {}

  @Override
  public void onConfigured(LoginIdentityProviderConfigurationContext context) {
    folder = Path.of(context.getProperty("Folder"));
    lifeMs = TimeUnit.HOURS.toMillis(Long.parseLong(context.getProperty("Hours")));
  }

  @Override
  public AuthenticationResponse authenticate(LoginCredentials credentials) {
    String user = credentials.getUsername();
    String password = credentials.getPassword();
    if (isLocked()) throw new InvalidLoginCredentialsException("too many refused logins; wait a minute");
    if (user == null || password == null || !isRight(user, password)) {
      refuse();
      throw new InvalidLoginCredentialsException("user or password is wrong");
    }
    return new AuthenticationResponse(user, user, lifeMs, "millrace");
  }

  @Override
  public void preDestruction() {}

  private boolean isRight(String user, String password) {
    boolean isName = user.matches("[a-z][a-z0-9-]{0,62}") && Files.isRegularFile(folder.resolve(user));
    try {
      String known = isName ? Files.readString(folder.resolve(user)).strip() : "";
      boolean isSame =
          MessageDigest.isEqual(known.getBytes(StandardCharsets.UTF_8), password.getBytes(StandardCharsets.UTF_8));
      return isSame && !known.isEmpty();
    } catch (IOException error) {
      throw new IdentityAccessException("the passwords can't be read", error);
    }
  }

  private synchronized void refuse() {
    refusals.addLast(System.nanoTime());
  }

  private synchronized boolean isLocked() {
    long begin = System.nanoTime() - SPAN.toNanos();
    while (!refusals.isEmpty() && refusals.getFirst() < begin) refusals.removeFirst();
    return refusals.size() >= MOST_REFUSALS;
  }
}
