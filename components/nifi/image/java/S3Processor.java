package millrace.nifi;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.apache.nifi.annotation.lifecycle.OnScheduled;
import org.apache.nifi.annotation.lifecycle.OnStopped;
import org.apache.nifi.components.PropertyDescriptor;
import org.apache.nifi.components.ValidationContext;
import org.apache.nifi.components.ValidationResult;
import org.apache.nifi.components.Validator;
import org.apache.nifi.expression.ExpressionLanguageScope;
import org.apache.nifi.flowfile.FlowFile;
import org.apache.nifi.processor.AbstractProcessor;
import org.apache.nifi.processor.ProcessContext;
import org.apache.nifi.processor.Relationship;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** What the processors for S3 share: how it is reached, and what is said where it refuses. Property names are those of NiFi's own. */
public abstract class S3Processor extends AbstractProcessor {
  static final PropertyDescriptor BUCKET = required("Bucket", "Bucket of the objects.", true);
  static final PropertyDescriptor OBJECT_KEY = required("Object Key", "Name of the object.", true);
  static final PropertyDescriptor URL =
      new PropertyDescriptor.Builder()
          .name("Endpoint Override URL")
          .description("Where the S3 service is: http://host:port. Its buckets are path segments.")
          .required(true)
          .expressionLanguageSupported(ExpressionLanguageScope.ENVIRONMENT)
          .addValidator(S3Processor::isUrl)
          .build();
  static final PropertyDescriptor REGION =
      new PropertyDescriptor.Builder()
          .name("Region")
          .description("Region that requests are signed for.")
          .defaultValue("us-east-1")
          .required(true)
          .addValidator(Validator.VALID)
          .build();
  static final PropertyDescriptor ACCESS_KEY =
      new PropertyDescriptor.Builder()
          .name("Access Key ID")
          .description("Without one, that of NiFi's environment: the platform's own key for NiFi.")
          .sensitive(true)
          .addValidator(Validator.VALID)
          .build();
  static final PropertyDescriptor SECRET_KEY =
      new PropertyDescriptor.Builder()
          .name("Secret Access Key")
          .description("Secret part of the key.")
          .sensitive(true)
          .addValidator(Validator.VALID)
          .build();
  static final Relationship SUCCESS =
      new Relationship.Builder().name("success").description("What was done.").build();
  static final Relationship FAILURE =
      new Relationship.Builder()
          .name("failure")
          .description("What S3 refuses for good, with the reason in attribute `error`. What may pass is tried again.")
          .build();
  private static final List<PropertyDescriptor> CONNECTION = List.of(BUCKET, URL, REGION, ACCESS_KEY, SECRET_KEY);
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private volatile S3Client client;

  private static PropertyDescriptor required(String name, String what, boolean hasExpressions) {
    return new PropertyDescriptor.Builder()
        .name(name)
        .description(what)
        .required(true)
        .expressionLanguageSupported(
            hasExpressions ? ExpressionLanguageScope.FLOWFILE_ATTRIBUTES : ExpressionLanguageScope.NONE)
        .addValidator(S3Processor::isText)
        .build();
  }

  private static ValidationResult isText(String subject, String input, ValidationContext context) {
    return new ValidationResult.Builder()
        .subject(subject)
        .input(input)
        .valid(input != null && !input.isBlank())
        .explanation("it is empty")
        .build();
  }

  private static ValidationResult isUrl(String subject, String input, ValidationContext context) {
    String url = context.newPropertyValue(input).evaluateAttributeExpressions().getValue();
    return new ValidationResult.Builder()
        .subject(subject)
        .input(input)
        .valid(url != null && url.matches("https?://[^/ ]+/?"))
        .explanation("it is no http://host:port")
        .build();
  }

  /** Properties of the processor beside those that lead to the bucket. */
  abstract List<PropertyDescriptor> ownProperties();

  @Override
  protected final List<PropertyDescriptor> getSupportedPropertyDescriptors() {
    List<PropertyDescriptor> all = new ArrayList<>(CONNECTION);
    all.addAll(ownProperties());
    return all;
  }

  @Override
  public Set<Relationship> getRelationships() {
    return Set.of(SUCCESS, FAILURE);
  }

  @Override
  protected Collection<ValidationResult> customValidate(ValidationContext context) {
    if (context.getProperty(ACCESS_KEY).isSet() == context.getProperty(SECRET_KEY).isSet()) return List.of();
    return List.of(
        new ValidationResult.Builder()
            .subject("the key")
            .valid(false)
            .explanation("it has one part; give both Access Key ID and Secret Access Key, or neither")
            .build());
  }

  @OnScheduled
  public final void connect(ProcessContext context) {
    client =
        S3Client.builder()
            .endpointOverride(URI.create(context.getProperty(URL).evaluateAttributeExpressions().getValue()))
            .region(Region.of(context.getProperty(REGION).getValue()))
            .forcePathStyle(true)
            .credentialsProvider(key(context))
            .httpClientBuilder(ApacheHttpClient.builder())
            .overrideConfiguration(override -> override.apiCallTimeout(LIMIT))
            .build();
  }

  private static AwsCredentialsProvider key(ProcessContext context) {
    if (!context.getProperty(ACCESS_KEY).isSet()) return EnvironmentVariableCredentialsProvider.create();
    return StaticCredentialsProvider.create(
        AwsBasicCredentials.create(
            context.getProperty(ACCESS_KEY).getValue(), context.getProperty(SECRET_KEY).getValue()));
  }

  @OnStopped
  public final void disconnect() {
    if (client != null) client.close();
    client = null;
  }

  S3Client s3() {
    return client;
  }

  static String valueOf(ProcessContext context, PropertyDescriptor property, FlowFile flowFile) {
    return flowFile == null
        ? context.getProperty(property).evaluateAttributeExpressions().getValue()
        : context.getProperty(property).evaluateAttributeExpressions(flowFile).getValue();
  }

  static String words(SdkException error) {
    if (error instanceof S3Exception refused && refused.awsErrorDetails() != null) {
      return refused.awsErrorDetails().errorCode() + ", " + refused.awsErrorDetails().errorMessage();
    }
    return error.getMessage();
  }
}
