package millrace.nifi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.nifi.annotation.behavior.InputRequirement;
import org.apache.nifi.annotation.behavior.TriggerSerially;
import org.apache.nifi.annotation.documentation.CapabilityDescription;
import org.apache.nifi.annotation.documentation.Tags;
import org.apache.nifi.annotation.lifecycle.OnStopped;
import org.apache.nifi.components.PropertyDescriptor;
import org.apache.nifi.components.Validator;
import org.apache.nifi.expression.ExpressionLanguageScope;
import org.apache.nifi.flowfile.FlowFile;
import org.apache.nifi.processor.AbstractProcessor;
import org.apache.nifi.processor.ProcessContext;
import org.apache.nifi.processor.ProcessSession;
import org.apache.nifi.processor.Relationship;
import org.apache.nifi.processor.util.StandardValidators;

@Tags({"kafka", "publish", "put", "exactly once", "millrace"})
@CapabilityDescription(
    "Sends each line of a FlowFile as a record, all of a FlowFile in one transaction, and each FlowFile once, whatever ends in between: "
        + "what has been delivered is kept in the same transactions. How Kafka is spoken to is in NiFi's environment.")
@InputRequirement(InputRequirement.Requirement.INPUT_REQUIRED)
@TriggerSerially
public final class PublishKafka extends AbstractProcessor {
  static final PropertyDescriptor BOOTSTRAP = text("Bootstrap Servers", "host:port,host:port", true, null);
  static final PropertyDescriptor TOPIC =
      text("Topic Name", "Topic of the records.", true, null);
  static final PropertyDescriptor KEY_FIELD =
      text("Message Key Field", "Field of the line, a JSON object, that is the record's key. Without one, records have no key.", false, null);
  static final PropertyDescriptor DELIVERIES =
      text("Deliveries Topic", "Compacted topic in which is kept what was delivered.", true, null);
  static final PropertyDescriptor DELIVERY_ID =
      new PropertyDescriptor.Builder()
          .name("Delivery ID")
          .description("What tells a FlowFile from all others, also where its source gives it twice.")
          .required(true)
          .defaultValue("${delivery.id:replaceEmpty(${uuid})}")
          .expressionLanguageSupported(ExpressionLanguageScope.FLOWFILE_ATTRIBUTES)
          .addValidator(Validator.VALID)
          .build();
  static final Relationship SUCCESS =
      new Relationship.Builder().name("success").description("What Kafka has, on as many brokers as the topic asks.").build();
  static final Relationship FAILURE =
      new Relationship.Builder()
          .name("failure")
          .description("What Kafka never takes: a record above its limit. The reason is in attribute `error`.")
          .build();
  private static final ObjectMapper JSON = new ObjectMapper();

  private KafkaProducer<byte[], byte[]> producer;
  private Delivered delivered;

  private static PropertyDescriptor text(String name, String what, boolean isRequired, String usual) {
    return new PropertyDescriptor.Builder()
        .name(name)
        .description(what)
        .required(isRequired)
        .defaultValue(usual)
        .expressionLanguageSupported(ExpressionLanguageScope.ENVIRONMENT)
        .addValidator(StandardValidators.NON_BLANK_VALIDATOR)
        .build();
  }

  @Override
  protected List<PropertyDescriptor> getSupportedPropertyDescriptors() {
    return List.of(BOOTSTRAP, TOPIC, KEY_FIELD, DELIVERY_ID, DELIVERIES);
  }

  @Override
  public Set<Relationship> getRelationships() {
    return Set.of(SUCCESS, FAILURE);
  }

  @OnStopped
  public void close() {
    if (producer != null) producer.close(Duration.ofSeconds(10));
    producer = null;
    delivered = null;
  }

  @Override
  public void onTrigger(ProcessContext context, ProcessSession session) {
    List<FlowFile> flowFiles = session.get(new Batch());
    if (flowFiles.isEmpty()) return;
    String topic = context.getProperty(TOPIC).evaluateAttributeExpressions().getValue();
    try {
      if (producer == null) open(context);
      List<FlowFile> all = deliver(context, session, flowFiles, topic);
      if (all == null) return;
      session.transfer(all, SUCCESS);
    } catch (KafkaException | ExecutionException | IOException error) {
      Throwable cause = error instanceof ExecutionException ? error.getCause() : error;
      getLogger().error("Kafka does not take records for {}: {}", topic, cause.getMessage());
      abandon();
      session.rollback();
      context.yield();
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      abandon();
      session.rollback();
    }
  }

  private void open(ProcessContext context) {
    String bootstrap = context.getProperty(BOOTSTRAP).evaluateAttributeExpressions().getValue();
    Properties kafka = KafkaSettings.of(bootstrap, System.getenv());
    Properties own = new Properties();
    own.putAll(kafka);
    own.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "nifi-" + getIdentifier());
    own.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "gzip");
    // Until an open transaction is over, readers of the topic wait for what comes after it.
    own.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, "120000");
    own.put(ProducerConfig.LINGER_MS_CONFIG, "5");
    own.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, "60000");
    own.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "10000");
    own.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "110000");
    KafkaProducer<byte[], byte[]> opened =
        new KafkaProducer<>(own, new ByteArraySerializer(), new ByteArraySerializer());
    try {
      // Ends a transaction that this publisher has left open, so that what is read then is all there is.
      opened.initTransactions();
      String deliveries = context.getProperty(DELIVERIES).evaluateAttributeExpressions().getValue();
      delivered = Delivered.read(deliveries, getIdentifier(), kafka);
      producer = opened;
    } finally {
      if (producer == null) opened.close(Duration.ZERO);
    }
  }

  /** Whether a transaction was committed is known to Kafka alone: a new producer asks it. */
  private void abandon() {
    if (producer != null) producer.close(Duration.ZERO);
    producer = null;
    delivered = null;
  }

  /** @return what Kafka has; null: one can't be taken, and went to `failure`; the others stay */
  private List<FlowFile> deliver(
      ProcessContext context, ProcessSession session, List<FlowFile> flowFiles, String topic)
      throws IOException, ExecutionException, InterruptedException {
    String keyField = context.getProperty(KEY_FIELD).evaluateAttributeExpressions().getValue();
    List<FlowFile> all = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    boolean isOpen = false;
    for (FlowFile flowFile : flowFiles) {
      String id = context.getProperty(DELIVERY_ID).evaluateAttributeExpressions(flowFile).getValue();
      all.add(flowFile);
      if (delivered.has(id) || ids.contains(id)) {
        getLogger().info("{} was delivered before", id);
        continue;
      }
      if (!isOpen) producer.beginTransaction();
      isOpen = true;
      try {
        send(session, flowFile, topic, keyField);
      } catch (ExecutionException error) {
        if (!(error.getCause() instanceof RecordTooLargeException)) throw error;
        refused(session, flowFiles, flowFile, error.getCause().getMessage());
        return null;
      }
      ids.add(id);
      session.getProvenanceReporter().send(flowFile, "kafka://" + topic);
    }
    if (isOpen) {
      producer.send(delivered.record(ids));
      producer.commitTransaction();
      delivered.add(ids);
    }
    return all;
  }

  private void refused(ProcessSession session, List<FlowFile> flowFiles, FlowFile one, String words) {
    abandon();
    getLogger().error("a record is too large for Kafka: {}", words);
    for (FlowFile flowFile : flowFiles) {
      if (flowFile == one) session.transfer(session.putAttribute(one, "error", words), FAILURE);
      else session.transfer(flowFile);
    }
  }

  private void send(ProcessSession session, FlowFile flowFile, String topic, String keyField)
      throws IOException, ExecutionException, InterruptedException {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    session.read(
        flowFile,
        in -> {
          Lines lines = new Lines(in, Integer.MAX_VALUE);
          for (Lines.Line line = lines.next(); line != null; line = lines.next()) {
            sent.add(producer.send(new ProducerRecord<>(topic, keyOf(line.bytes(), keyField), line.bytes())));
          }
        });
    producer.flush();
    for (Future<RecordMetadata> one : sent) one.get();
  }

  private static byte[] keyOf(byte[] line, String field) throws IOException {
    if (field == null) return null;
    JsonNode key = JSON.readTree(line).path(field);
    return key.isValueNode() && !key.isNull() ? key.asText().getBytes(StandardCharsets.UTF_8) : null;
  }
}
