package millrace.connect;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.connect.errors.ConnectException;
import software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** A bucket of an S3 service. The key is in the worker's environment, so no connector's settings have it. */
final class S3Store implements Store {
  static final String BUCKET = "s3.bucket";
  static final String PREFIX = "s3.prefix";
  static final String URL = "s3.url";
  static final String REGION = "s3.region";
  static final String PATH_STYLE = "s3.path.style";
  /** One answer of the service, its tries included. */
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int REFUSED = 403;

  private final String bucket;
  private final S3Client client;

  S3Store(AbstractConfig config) {
    bucket = config.getString(BUCKET);
    client = client(config.getString(URL), config.getString(REGION), config.getBoolean(PATH_STYLE));
  }

  /** A client with the key of the environment. */
  static S3Client client(String url, String region, boolean isPathStyle) {
    return S3Client.builder()
        .endpointOverride(URI.create(url))
        .region(Region.of(region))
        .forcePathStyle(isPathStyle)
        .credentialsProvider(EnvironmentVariableCredentialsProvider.create())
        .httpClientBuilder(ApacheHttpClient.builder())
        .overrideConfiguration(override -> override.apiCallTimeout(LIMIT))
        .build();
  }

  /** The settings that lead to a bucket. */
  static ConfigDef settings() {
    return new ConfigDef()
        .define(BUCKET, Type.STRING, ConfigDef.NO_DEFAULT_VALUE, notEmpty(), Importance.HIGH, "Bucket.")
        .define(PREFIX, Type.STRING, "", Importance.HIGH, "Begin of the objects' names, without a slash at its end.")
        .define(URL, Type.STRING, ConfigDef.NO_DEFAULT_VALUE, notEmpty(), Importance.HIGH, "https://host:port")
        .define(REGION, Type.STRING, "us-east-1", Importance.LOW, "Region that requests are signed for.")
        .define(PATH_STYLE, Type.BOOLEAN, true, Importance.LOW, "Whether buckets are path segments.");
  }

  private static ConfigDef.Validator notEmpty() {
    return new ConfigDef.NonEmptyString();
  }

  /** The names that begin so are in the folder: a prefix without its slashes, and with one at its end. */
  static String folder(AbstractConfig config) {
    String prefix = config.getString(PREFIX).replaceAll("^/+|/+$", "");
    return prefix.isEmpty() ? "" : prefix + "/";
  }

  @Override
  public List<Item> list(String prefix) {
    return asked(
        "list",
        () -> {
          List<Item> items = new ArrayList<>();
          client
              .listObjectsV2Paginator(request -> request.bucket(bucket).prefix(prefix))
              .contents()
              .forEach(object -> items.add(new Item(object.key(), object.size())));
          items.sort(Comparator.comparing(Item::key));
          return items;
        });
  }

  @Override
  public void put(String key, byte[] content) {
    asked(
        "write " + key,
        () ->
            client.putObject(
                request -> request.bucket(bucket).key(key).contentType("application/x-ndjson"),
                RequestBody.fromBytes(content)));
  }

  @Override
  public byte[] get(String key, long position, int length) {
    String range = "bytes=" + position + "-" + (position + length - 1);
    return asked(
        "read " + key,
        () -> client.getObjectAsBytes(request -> request.bucket(bucket).key(key).range(range)).asByteArray());
  }

  @Override
  public String problem() {
    try {
      client.listObjectsV2(request -> request.bucket(bucket).maxKeys(1));
      return null;
    } catch (NoSuchBucketException error) {
      return "bucket " + bucket + " is not there";
    } catch (S3Exception error) {
      return error.statusCode() == REFUSED ? "S3 refuses bucket " + bucket + ": " + words(error) : null;
    } catch (SdkException error) {
      return null;
    }
  }

  @Override
  public void close() {
    client.close();
  }

  private <T> T asked(String action, Supplier<T> ask) {
    try {
      return ask.get();
    } catch (NoSuchBucketException error) {
      throw new ConnectException("bucket " + bucket + " is not there", error);
    } catch (SdkException error) {
      throw new ConnectException("S3 does not " + action + " in bucket " + bucket + ": " + words(error), error);
    }
  }

  private static String words(SdkException error) {
    if (error instanceof S3Exception refused && refused.awsErrorDetails() != null) {
      return refused.awsErrorDetails().errorCode() + ", " + refused.awsErrorDetails().errorMessage();
    }
    return error.getMessage();
  }
}
